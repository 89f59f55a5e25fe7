import { join } from 'node:path';
import { Ports } from '../src/ports.ts';
import { barePath, bareStore } from './bare-store.ts';
import { atLeast, type Bench, type Figure, median, microseconds } from './figure.ts';
import { inWorkspace, projects } from './workspace.ts';

const CALLS = 1000;
const ROUNDS = 7;

/** Rounds that are not counted: a process that calls often has its code compiled. */
const WARM_UP_ROUNDS = 3;

/** 1,000 concurrent calls of one process against the same calls awaited one by one. */
export const groupCommit: Bench = {
  name: 'group commit: 1,000 concurrent reserve calls of one process, durability power',
  run: async () => [await existingKeys(), await bareTransaction(), await newKeys()],
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
    const singles: number[] = [];
    const togethers: number[] = [];
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      if (round === 0) singles.length = togethers.length = 0;
      singles.push(await oneByOne(paths, reserve));
      togethers.push(await atOnce(paths, reserve));
    }
    const [single, together] = [median(singles), median(togethers)];
    return atLeast('existing keys, per call', single / together, 20, perCall(single, together));
  });
}

/** What the first figure can be at most on this disk: nothing but SQLite, one fsync against 1,000. */
async function bareTransaction(): Promise<Figure> {
  return await inWorkspace(async (directory) => {
    const { database, update } = bareStore(join(directory, 'bare.db'), CALLS, 'power');
    let seconds = 1;
    const touchAll = (): void => {
      seconds += 1;
      for (let row = 0; row < CALLS; row++) update.run(seconds, barePath(row), 'web');
    };
    const singles: number[] = [];
    const togethers: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      singles.push(perCallOf(touchAll));
      togethers.push(
        perCallOf(() => {
          database.exec('BEGIN IMMEDIATE');
          touchAll();
          database.exec('COMMIT');
        }),
      );
    }
    database.close();
    const [single, together] = [median(singles), median(togethers)];
    return {
      what: 'the same UPDATEs done with bare node:sqlite, one transaction against 1,000',
      measured: `${(single / together).toFixed(1)} × (${perCall(single, together)})`,
      goal: '',
    };
  });
}

function perCallOf(calls: () => void): number {
  const from = performance.now();
  calls();
  return (performance.now() - from) / CALLS;
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
