import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Secret, Vault } from '../../vault.ts';
import { Failure } from '../failure.ts';
import { UsageError } from '../parse.ts';
import { keyNamed } from './key-name.ts';

/** A secret for a program, and how the program gets it. */
export interface Injected {
  readonly way: 'env' | 'fd' | 'file';
  /** Name of a variable, or number of a descriptor. */
  readonly target: string;
  readonly reference: string;
}

/** What a reference stands for. */
export interface Resolved extends Injected {
  readonly isKey: boolean;
  readonly secret: Secret;
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Shells can name no others. */
const DESCRIPTOR = /^[3-9]$/;

/** `TARGET=REF`, as often as it was given. @throws UsageError */
export function injectedOf(way: Injected['way'], texts: readonly string[] = []): Injected[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    const [target, reference] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
    const isTarget = (way === 'fd' ? DESCRIPTOR : VARIABLE).test(target);
    if (isTarget && reference !== '') return { way, target, reference };
    const expected = way === 'fd' ? 'N=REF with N from 3 to 9' : 'NAME=REF';
    throw new UsageError(`'--${way} ${text}' is not ${expected}`);
  });
}

/** @throws UsageError for one target twice */
export function checkTargets(wishes: readonly Injected[]): void {
  const seen = new Set<string>();
  for (const { target } of wishes) {
    if (seen.has(target)) throw new UsageError(`'${target}' is given two secrets`);
    seen.add(target);
  }
}

/** The secret or key that a reference names, the caller's to dispose. */
export async function resolved(vault: Vault, wish: Injected): Promise<Resolved> {
  const isKey = !wish.reference.startsWith('vault://');
  if (!isKey) return { ...wish, isKey, secret: await vault.secrets.resolve(wish.reference) };
  const { id } = await keyNamed(vault, wish.reference);
  return { ...wish, isKey, secret: await vault.reveal(id) };
}

/** What a child is given; `close` takes back what of it lies in files. */
export class Injection {
  readonly env: Record<string, string> = {};
  /** Descriptors of ours, by the number that they have in the child. */
  readonly descriptors = new Map<number, number>();
  readonly #env: NodeJS.ProcessEnv;
  #directory: string | undefined;

  constructor(secrets: readonly Resolved[], env: NodeJS.ProcessEnv) {
    this.#env = env;
    try {
      for (const secret of secrets) this.#add(secret);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const fd of this.descriptors.values()) closeSync(fd);
    this.descriptors.clear();
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }

  #add(given: Resolved): void {
    const { way, target, secret } = given;
    if (way === 'env') {
      this.env[target] = textOf(given);
      return;
    }
    const path = this.#write(target, secret);
    if (way === 'file') {
      this.env[target] = path;
      return;
    }
    // Without a name nobody else finds it, and unlike a pipe it can be opened again.
    this.descriptors.set(Number(target), openSync(path, 'r'));
    unlinkSync(path);
  }

  #write(name: string, secret: Secret): string {
    this.#directory ??= mkdtempSync(join(memoryDirectory(this.#env), 'holdfast-run-'));
    const path = join(this.#directory, name);
    secret.withBytes((bytes) => writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' }));
    return path;
  }
}

/** A key in hexadecimal, a secret as it is. */
function textOf({ secret, isKey, target, reference }: Resolved): string {
  return secret.withBytes((bytes) => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (isKey) return buffer.toString('hex');
    if (isUtf8(buffer) && !buffer.includes(0)) return buffer.toString();
    throw new Failure(1, `${reference} is no text for the variable ${target}; take --file or --fd`);
  });
}

/** `f_type` of tmpfs and of ramfs (statfs(2)). */
const MEMORY_FILESYSTEMS = [0x01021994, 0x858458f6];

/** A place for files that no disk keeps. */
function memoryDirectory({ XDG_RUNTIME_DIR: own }: NodeJS.ProcessEnv): string {
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
