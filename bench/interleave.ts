import { PoolSet, type Report, runTorture } from '../src/torture.ts';
import type { Bench, Figure } from './figure.ts';
import { lossy, sound } from './interleave-stores.ts';

const SCHEDULES = 20_000;
const REPLAYS = 100;

/** How many schedules a second, and how soon a race is found, made small and replayed. */
export const interleave: Bench = {
  name: 'interleaving',
  run: async () => {
    // One thread for all: it is warm after the first schedules.
    await using pools = new PoolSet();
    return [await rate(pools), ...(await race(pools))];
  },
};

async function rate(pools: PoolSet): Promise<Figure> {
  const options = { mode: 'interleave', clients: 2, operations: 6, seed: 'bench', pools } as const;
  await runTorture(sound, { ...options, schedules: SCHEDULES });
  const report = await runTorture(sound, { ...options, schedules: SCHEDULES });
  const perSecond = report.runs[0]?.schedules?.perSecond ?? 0;
  return {
    what: 'schedules of 2 clients with 3 operations each in memory, judged, warm',
    measured: `${Math.round(perSecond).toLocaleString('en')} a second, ${report.verdict}`,
    goal: '>= 10,000 a second',
    pass: perSecond >= 10_000 && report.verdict === 'ok',
  };
}

async function race(pools: PoolSet): Promise<readonly Figure[]> {
  const options = { mode: 'interleave', clients: 2, operations: 6, pools } as const;
  const report = await runTorture(lossy, { ...options, seed: 'bench' });
  const tried = report.runs[0]?.schedules?.tried ?? Number.POSITIVE_INFINITY;
  const found = report.runs[0]?.violations[0]?.counterexample;
  const clients = new Set(found?.operations.map(({ process }) => process)).size;
  const size = `${clients} clients, ${found?.operations.length} operations`;
  const schedule = found?.schedule?.join();
  let same = 0;
  for (let replay = 0; replay < REPLAYS && found?.token; replay += 1) {
    const again = await runTorture(lossy, { replay: found.token, pools });
    if (scheduleOf(again) === schedule) same += 1;
  }
  return [
    {
      what: 'a read, a write, and another client in between: found and made small',
      measured: `${tried} schedules, ${size}`,
      goal: '< 100 schedules, 2 clients, 2 operations',
      pass: tried < 100 && clients === 2 && found?.operations.length === 2,
    },
    {
      what: 'replayed by its token',
      measured: `${same} of ${REPLAYS} times the same`,
      goal: `${REPLAYS} of ${REPLAYS}`,
      pass: same === REPLAYS,
    },
  ];
}

function scheduleOf(report: Report): string | undefined {
  const [violation] = report.runs[0]?.violations ?? [];
  return violation?.counterexample?.schedule?.join();
}
