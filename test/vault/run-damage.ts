import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DamageReport, together } from './damage-tally.ts';

/** One for each core of the smallest machine. */
const SHARES = 2;

/** Runs a worker in as many processes as there are shares; one that crashes is an error. */
export async function runDamage(worker: string, ...args: string[]): Promise<DamageReport> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const path = join(import.meta.dirname, worker);
  const runs = Array.from({ length: SHARES }, async (_unused, share) => {
    const argv = [path, ...args, String(share), String(SHARES)];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { env });
    return JSON.parse(stdout) as DamageReport;
  });
  return together(await Promise.all(runs));
}
