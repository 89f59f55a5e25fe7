import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ports, validateStore } from '../../src/ports.ts';

export interface CliKillReport {
  readonly rounds: number;
  /** Commands that had printed a port before they were killed, or ended. */
  readonly printed: number;
  readonly violations: readonly string[];
}

/** Kills the real command line at random moments: whatever port it printed is in the file. */
export async function runCliKills(rounds: number, seed: number): Promise<CliKillReport> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-proof-')));
  const dir = join(directory, 'data');
  const violations: string[] = [];
  let printed = 0;
  let random = seed >>> 0;
  for (let round = 0; round < rounds; round++) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const path = join(directory, `p${round}`);
    mkdirSync(path);
    const out = await reserveAndKill(dir, path, 100 + (random / 2 ** 32) * 300);
    if (out === '') continue;
    printed += 1;
    await using ports = await Ports.open({ dir });
    const port = (await ports.get(path))?.port;
    if (String(port) !== out) violations.push(`${path}: printed ${out}, the file holds ${port}`);
    for (const { message } of await validateStore(dir)) violations.push(message);
  }
  if (violations.length === 0) rmSync(directory, { recursive: true, force: true });
  return { rounds, printed, violations };
}

function reserveAndKill(dir: string, path: string, afterMs: number): Promise<string> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const bin = join(import.meta.dirname, '../../bin/holdfast.js');
  const flags = ['--path', path, '--data-dir', dir, '--allow-unrelated-path'];
  const child = spawn(process.execPath, [bin, 'ports', 'reserve', ...flags], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString().trim());
    });
  });
}
