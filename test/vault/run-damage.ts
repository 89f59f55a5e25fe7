import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Extent } from './damage-plan.ts';
import { type DamageReport, together } from './damage-tally.ts';

/** One for each core of the smallest machine. */
const SHARES = 2;

export interface DamageRun {
  /** Of this directory. */
  readonly worker: string;
  /** Where what is damaged lies. */
  readonly home: string;
  readonly kinds: readonly string[];
  readonly extent: Extent;
}

/**
 * Runs a worker in as many processes as there are shares, and answers what came of each kind. One
 * that crashes is an error.
 */
export async function runDamage({
  worker,
  home,
  kinds,
  extent,
}: DamageRun): Promise<ReadonlyMap<string, DamageReport>> {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const path = join(import.meta.dirname, worker);
  const runs = Array.from({ length: SHARES }, async (_unused, share) => {
    const argv = [path, home, kinds.join(), extent, String(share), String(SHARES)];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { env });
    return JSON.parse(stdout) as DamageReport[];
  });
  const reports = await Promise.all(runs);
  return new Map(
    kinds.map((kind, at) => [
      kind,
      together(reports.map((all) => all[at]).filter((one) => one !== undefined)),
    ]),
  );
}
