import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for one measurement, removed afterwards. */
export async function inWorkspace<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** `count` directories that exist, so that nothing is pruned. */
export function projects(directory: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const path = join(directory, 'projects', `p${index}`);
    mkdirSync(path, { recursive: true });
    return path;
  });
}

/** Environment of a child whose start is measured. */
export function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...rest } = process.env;
  return { ...rest, ...extra };
}
