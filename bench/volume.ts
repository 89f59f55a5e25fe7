import { join } from 'node:path';
import { defaultPolicy, Ports } from '../src/ports.ts';
import { atMost, type Bench, median, microseconds } from './figure.ts';
import { inWorkspace } from './workspace.ts';

const RESERVATIONS = 10_000;
const SAMPLE = 100;

/** Whether the price of a reservation grows with the number of reservations that are there. */
export const volume: Bench = {
  name: '10,000 reservations',
  run: async () =>
    await inWorkspace(async (directory) => {
      const policy = {
        min: 10_000,
        max: 30_000,
        occupancy: { ...defaultPolicy.occupancy, skip: true },
        autoprune: false,
      };
      await using ports = await Ports.open({ dir: join(directory, 'data'), policy });
      const first = await sample(ports, directory, 0);
      const between = Array.from({ length: RESERVATIONS - 2 * SAMPLE }, (_, index) =>
        ports.reserve(join(directory, `p${SAMPLE + index}`)),
      );
      await Promise.all(between);
      const last = await sample(ports, directory, RESERVATIONS - SAMPLE);
      const detail = `p50 ${microseconds(last)} against ${microseconds(first)}`;
      return [atMost('the last 100 against the first 100', last / first, 1.5, detail)];
    }),
};

async function sample(ports: Ports, directory: string, from: number): Promise<number> {
  const times: number[] = [];
  for (let index = from; index < from + SAMPLE; index++) {
    const start = performance.now();
    await ports.reserve(join(directory, `p${index}`));
    times.push(performance.now() - start);
  }
  return median(times);
}
