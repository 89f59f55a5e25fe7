import { join } from 'node:path';
import { Ports } from '../src/ports.ts';
import { barePath, bareStore } from './bare-store.ts';
import { atMost, type Bench, type Figure, median, microseconds } from './figure.ts';
import { inWorkspace, projects } from './workspace.ts';

const ROUNDS = 10;
const CALLS = { power: 200, process: 1000 };

/** Rounds that are not counted: a process that calls often has its code compiled. */
const WARM_UP_ROUNDS = 4;

/**
 * Reserving a key that exists, beside the same UPDATE with nothing around it. Both move a clock at
 * each call, so that a page is really written. Rounds alternate, so that a busy moment hits both.
 */
export const reserveExisting: Bench = {
  name: 'reserve an existing key, one by one',
  run: async () => [await compare('power'), await compare('process')],
};

async function compare(durability: 'power' | 'process'): Promise<Figure> {
  return await inWorkspace(async (directory) => {
    let now = Date.now();
    const clock = () => {
      now += 1000;
      return now;
    };
    const [path = ''] = projects(directory, 1);
    await using ports = await Ports.open({ dir: join(directory, 'data'), durability, now: clock });
    await ports.reserve(path, { tag: 'web' });
    const bare = bareStore(join(directory, 'bare.db'), 1, durability);
    const ours: number[] = [];
    const floor: number[] = [];
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      if (round === 0) ours.length = floor.length = 0;
      for (let call = 0; call < CALLS[durability]; call++) {
        const from = performance.now();
        await ports.reserve(path, { tag: 'web' });
        ours.push(performance.now() - from);
      }
      for (let call = 0; call < CALLS[durability]; call++) {
        const seconds = Math.floor(clock() / 1000);
        const from = performance.now();
        bare.update.run(seconds, barePath(0), 'web');
        floor.push(performance.now() - from);
      }
    }
    bare.database.close();
    const ratio = median(ours) / median(floor);
    const detail = `p50 ${microseconds(median(ours))}, bare UPDATE ${microseconds(median(floor))}`;
    return atMost(`durability ${durability}: p50 against the bare UPDATE`, ratio, 2, detail);
  });
}
