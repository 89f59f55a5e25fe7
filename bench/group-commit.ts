import { join } from 'node:path';
import { Ports } from '../src/ports.ts';
import { atLeast, type Bench, type Figure, microseconds } from './figure.ts';
import { inWorkspace, projects } from './workspace.ts';

const CALLS = 1000;

/** 1,000 concurrent calls of one process against the same calls awaited one by one. */
export const groupCommit: Bench = {
  name: 'group commit: 1,000 concurrent reserve calls of one process, durability power',
  run: async () => [await existingKeys(), await newKeys()],
};

async function existingKeys(): Promise<Figure> {
  return await inWorkspace(async (directory) => {
    let now = Date.now();
    const paths = projects(directory, CALLS);
    await using ports = await Ports.open({
      dir: join(directory, 'data'),
      now: () => (now += 1000),
    });
    const reserve = (path: string) => ports.reserve(path);
    await Promise.all(paths.map(reserve));
    const single = await oneByOne(paths, reserve);
    const together = await atOnce(paths, reserve);
    return atLeast('existing keys, per call', single / together, 20, perCall(single, together));
  });
}

async function newKeys(): Promise<Figure> {
  return await inWorkspace(async (directory) => {
    const paths = projects(directory, CALLS);
    await using first = await Ports.open({ dir: join(directory, 'single') });
    await using second = await Ports.open({ dir: join(directory, 'together') });
    const single = await oneByOne(paths, (path) => first.reserve(path));
    const together = await atOnce(paths, (path) => second.reserve(path));
    return atLeast('new keys, per call', single / together, 3, perCall(single, together));
  });
}

type Call = (path: string) => Promise<unknown>;

async function oneByOne(paths: readonly string[], call: Call): Promise<number> {
  const from = performance.now();
  for (const path of paths) await call(path);
  return (performance.now() - from) / paths.length;
}

async function atOnce(paths: readonly string[], call: Call): Promise<number> {
  const from = performance.now();
  await Promise.all(paths.map(call));
  return (performance.now() - from) / paths.length;
}

function perCall(single: number, together: number): string {
  return `${microseconds(single)} one by one, ${microseconds(together)} together`;
}
