import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { group, type JobInfo, leaf, type Task, Tasks } from '../src/tasks.ts';
import { type Bench, type Figure, median, quantile } from './figure.ts';
import type { Answer, Order } from './tasks-child.ts';
import { cleanEnvironment, inWorkspace } from './workspace.ts';

const CALLS = 20_000_000;
const PROCESSES = 10;
const TASKS_EACH = 100;
const MOVE_MS = 8000;
const LIVES_MS = 8000;
const SIGHTINGS = 150;
const KILLS = 10;
const LISTED = 1000;
const ROUNDS = 15;

const childFile = join(import.meta.dirname, 'tasks-child.ts');

/** The fifth store: what its progress costs, and how fast others see it. */
export const tasksBench: Bench = {
  name: 'progress of tasks',
  run: (note) =>
    inWorkspace(async (directory) => [
      ...(await advancing(join(directory, 'advance'))),
      ...(await listing(join(directory, 'list'))),
      ...(await seeing(join(directory, 'see'), note)),
      await killing(join(directory, 'kill'), note),
      await living(join(directory, 'live'), note),
      ...(await moving(directory, note)),
    ]),
};

async function advancing(dir: string): Promise<readonly Figure[]> {
  await using tasks = await Tasks.open({ dir });
  await using none = await Tasks.open({ dir, enabled: false });
  const [live, silent] = [await tasks.register(leaf('a')), await none.register(leaf('a'))];
  await live.start();
  await silent.start();
  const loops = [new Counter(), live.root, silent.root].map(loopOver);
  const rounds = Array.from({ length: ROUNDS }, () => loops.map((loop) => loop()));
  const [bare = 0, ours = 0, off = 0] = loops.map((_, nth) =>
    median(rounds.map((times) => times[nth] ?? Number.NaN)),
  );
  const bytes = allocatedBy(live.root);
  await live.finish();
  return [
    {
      what: 'advance(1), median; tqdm says 60 ns of itself',
      measured: `${ours.toFixed(1)} ns; a property of an object ${bare.toFixed(1)} ns`,
      goal: '<= 10 ns',
      pass: ours <= 10,
    },
    {
      what: 'advance(1) of a store that is not enabled',
      measured: `${off.toFixed(1)} ns`,
      goal: '<= 2 ns',
      pass: off <= 2,
    },
    {
      what: `bytes that ${CALLS / 1e6} million calls leave on the heap`,
      measured: `${bytes}`,
      goal: '< 1 in 1,000 calls',
      pass: bytes < CALLS / 1000,
    },
  ];
}

/** What costs least that could be counted with. */
class Counter {
  count = 0;

  advance(amount: number): void {
    this.count += amount;
  }
}

/** A loop of its own for each counter: what V8 learns of one is not what it knows of another. */
function loopOver(counter: { advance(amount: number): void }, nth: number): () => number {
  const source = `for (let i = 0; i < n; i += 1) counter.advance(1); // ${nth}`;
  const loop = new Function('counter', 'n', source);
  return () => {
    const begun = performance.now();
    loop(counter, CALLS);
    return ((performance.now() - begun) * 1e6) / CALLS;
  };
}

function allocatedBy(task: Task): number {
  const before = process.memoryUsage().heapUsed;
  for (let call = 0; call < CALLS; call += 1) task.advance(1);
  return Math.max(0, process.memoryUsage().heapUsed - before);
}

async function listing(dir: string): Promise<readonly Figure[]> {
  await using tasks = await Tasks.open({ dir, database: 'jobs' });
  const one = tasks.at('one');
  await Promise.all(Array.from({ length: LISTED }, () => tasks.register(leaf('a'))));
  const plans = Array.from({ length: LISTED - 1 }, (_, index) => leaf(`a${index}`));
  await one.register(group('g', plans));
  const figure = async (what: string, store: Tasks): Promise<Figure> => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS * 2; round += 1) {
      const begun = performance.now();
      const { items } = await store.list();
      times.push(performance.now() - begun);
      const listed = items.reduce((sum, { tasks: parts }) => sum + parts.length, 0);
      if (listed !== LISTED) throw new Error(`${listed} tasks were listed`);
    }
    const each = median(times);
    return { what, measured: `${each.toFixed(1)} ms`, goal: '<= 10 ms', pass: each <= 10 };
  };
  return [
    await figure(`a list of ${LISTED} jobs of one task`, tasks),
    await figure(`a list of one job of ${LISTED} tasks`, one),
  ];
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** A child, when it is ready. */
async function begin(
  ...args: readonly string[]
): Promise<{ child: Child; next: () => Promise<Answer> }> {
  const stdio: ['pipe', 'pipe', 'inherit'] = ['pipe', 'pipe', 'inherit'];
  const child = spawn(process.execPath, [childFile, ...args], { env: cleanEnvironment(), stdio });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Answer> => JSON.parse((await lines.next()).value ?? '{}');
  await next();
  return { child, next };
}

function tell(child: Child, order: Order): void {
  child.stdin.write(`${JSON.stringify(order)}\n`);
}

/** How long it takes until somebody in another process sees an advance. */
async function seeing(dir: string, note: (line: string) => void): Promise<readonly Figure[]> {
  note('an advance is seen');
  await using tasks = await Tasks.open({ dir });
  const { child } = await begin(dir, 'jobs', '1');
  tell(child, { do: 'count' });
  // The child counts the machine's ms from a moment on that its first sighting tells.
  const lags: number[] = [];
  let origin: number | undefined;
  let last = 0;
  for await (const update of tasks.subscribe({ allUsers: true })) {
    const now = Number(process.hrtime.bigint()) / 1e6;
    for (const event of update.kind === 'events' ? update.events : []) {
      if (event.kind !== 'progress') continue;
      const { progress = 0 } = event.movements[0] ?? {};
      // What was counted just after the last sighting has waited for longest.
      if (origin === undefined) origin = now - progress;
      else lags.push(now - origin - last);
      origin = Math.min(origin, now - progress);
      last = progress;
    }
    if (lags.length >= SIGHTINGS) break;
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  const [p50, p99] = [median(lags), quantile(lags, 0.99)];
  return [
    {
      what: 'until another process sees an advance, at worst: p99',
      measured: `${p99.toFixed(0)} ms (median ${p50.toFixed(0)} ms)`,
      goal: '<= 250 ms',
      pass: p99 <= 250,
    },
  ];
}

/** How much progress is lost by kill -9: what was counted and is not in the file. */
async function killing(dir: string, note: (line: string) => void): Promise<Figure> {
  const lost: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    note(`kill ${kill + 1} of ${KILLS}`);
    const own = join(dir, String(kill));
    const { child } = await begin(own, 'jobs', '1');
    await using tasks = await Tasks.open({ dir: own });
    const begunAt = Date.now();
    tell(child, { do: 'count' });
    await pause(700 + 200 * Math.random());
    child.kill('SIGKILL');
    const killedAt = Date.now();
    await once(child, 'exit');
    const job: JobInfo | undefined = (await tasks.list({ allUsers: true })).items[0];
    if (job?.tasks[0]?.status !== 'lost') throw new Error(`a killed job is not lost`);
    lost.push(killedAt - begunAt - job.tasks[0].progress);
  }
  const worst = Math.max(...lost);
  return {
    what: `progress that kill -9 loses, at worst of ${KILLS}`,
    measured: `${worst.toFixed(0)} ms (median ${median(lost).toFixed(0)} ms)`,
    goal: '<= 300 ms',
    pass: worst <= 300,
  };
}

async function together(
  dir: string,
  shape: string,
  count: number,
  orderOf: (nth: number) => Order,
): Promise<Answer[]> {
  const children = await Promise.all(
    Array.from({ length: PROCESSES }, () => begin(dir, shape, String(count))),
  );
  // Their threads start at the first task, which is not what is measured.
  await pause(1500);
  for (const [nth, { child }] of children.entries()) tell(child, orderOf(nth));
  const answers = await Promise.all(children.map(({ next }) => next()));
  for (const { child } of children) child.kill('SIGKILL');
  await Promise.all(children.map(({ child }) => once(child, 'exit')));
  return answers;
}

async function living(dir: string, note: (line: string) => void): Promise<Figure> {
  note(`${PROCESSES} processes register, start and finish`);
  const answers = await together(dir, 'jobs', 1, () => ({ do: 'lifecycle', forMs: LIVES_MS }));
  const callsMs = answers.flatMap((answer) => answer.callsMs ?? []);
  const p99 = quantile(callsMs, 0.99);
  return {
    what: `register, start, finish in ${PROCESSES} processes: p99 of ${callsMs.length} calls`,
    measured: `${p99.toFixed(1)} ms (median ${median(callsMs).toFixed(2)} ms)`,
    goal: '<= 20 ms',
    pass: p99 <= 20,
  };
}

async function moving(dir: string, note: (line: string) => void): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  // The last two: ten of a thousand, by one process, and one by each.
  for (const [shape, moving, movers, goal] of [
    ['jobs', TASKS_EACH, PROCESSES, 15],
    ['tree', TASKS_EACH, PROCESSES, 15],
    ['jobs', 10, 1, 2],
    ['jobs', 1, PROCESSES, undefined],
  ] as const) {
    const of = shape === 'jobs' ? 'jobs of one task' : 'tasks of one job';
    const what = `${PROCESSES} processes of ${TASKS_EACH} ${of}, ${moving} moving in ${movers} of them`;
    note(what);
    const place = join(dir, `${shape}-${moving}`);
    const answers = await together(place, shape, TASKS_EACH, (nth) => ({
      ...{ do: 'move', forMs: MOVE_MS, moving: nth < movers ? moving : 0 },
    }));
    const sum = answers.reduce((ms, { flushCpuMs = 0 }) => ms + flushCpuMs, 0);
    const percent = (100 * sum) / MOVE_MS;
    figures.push({
      what: `${what}: processor time of the threads that write it`,
      measured: `${percent.toFixed(1)} % of one core`,
      ...(goal === undefined ? { goal: '' } : { goal: `<= ${goal} %`, pass: percent <= goal }),
    });
  }
  return figures;
}
