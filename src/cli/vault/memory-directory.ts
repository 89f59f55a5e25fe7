import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';

/** `f_type` of tmpfs and of ramfs (statfs(2)). */
const MEMORY_FILESYSTEMS = [0x01021994, 0x858458f6];

/**
 * A directory that only its owner enters, on a file system that no disk keeps. It is gone once it is
 * closed, and also when this process ends in any way, by SIGKILL too.
 */
export class MemoryDirectory {
  readonly #path: string;
  readonly #remover: ChildProcess;

  /** @throws Failure where there is no such file system */
  constructor(env: NodeJS.ProcessEnv) {
    this.#path = mkdtempSync(join(placeOf(env), 'holdfast-run-'));
    this.#remover = removerOf(this.#path);
  }

  /** Writes a file, and answers where. */
  write(name: string, bytes: Uint8Array): string {
    const path = join(this.#path, name);
    writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' });
    return path;
  }

  close(): void {
    rmSync(this.#path, { recursive: true, force: true });
    this.#remover.stdin?.destroy();
  }
}

function placeOf({ XDG_RUNTIME_DIR: own }: NodeJS.ProcessEnv): string {
  const found = [own, '/dev/shm'].find((path) => path && isMemory(path));
  if (found) return found;
  throw new Failure(1, 'there is no file system in memory here for a secret; take --env');
}

function isMemory(path: string): boolean {
  try {
    return MEMORY_FILESYSTEMS.includes(statfsSync(path).type);
  } catch {
    return false;
  }
}

/**
 * A process that waits for the end of ours, which the kernel tells it by closing the pipe, and then
 * removes what we could not. It has a session of its own, so that no key of the terminal ends it.
 */
function removerOf(path: string): ChildProcess {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const remover = spawn('/bin/sh', ['-c', 'read -r _; rm -rf -- "$1"', 'sh', path], {
    ...{ cwd: '/', env: { PATH: process.env.PATH }, detached: true },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Where there is no shell, the program that is to be run does not start either, and says so.
  remover.once('error', () => undefined);
  remover.unref();
  return remover;
}
