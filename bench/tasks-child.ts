import { readdirSync, readFileSync } from 'node:fs';
import { group, leaf, type Task, Tasks } from '../src/tasks.ts';

// A process of `bench/tasks.ts`: it says `ready`, does what it is told in a line of JSON, and answers
// with one.

/** What a process is told to do. */
export type Order =
  | { readonly do: 'move'; readonly forMs: number; readonly moving: number }
  | { readonly do: 'lifecycle'; readonly forMs: number }
  | { readonly do: 'count' };

/** What it answers. */
export interface Answer {
  /** Of threads that flush, in ms. */
  readonly flushCpuMs?: number;
  /** Of the whole process, in ms. */
  readonly cpuMs?: number;
  readonly callsMs?: readonly number[];
}

const [dir = '', shape = 'jobs', count = '1'] = process.argv.slice(2);
const tasks = await Tasks.open({ dir });
const leaves = await begin();
console.log('{}');
process.stdin.once('data', async (line) => {
  const order: Order = JSON.parse(String(line));
  if (order.do === 'count') return countUp();
  console.log(JSON.stringify(order.do === 'move' ? await move(order) : await live(order)));
});

/** Leaves that run: of a job each, or of one job. */
async function begin(): Promise<readonly Task[]> {
  const length = Number(count);
  if (shape === 'jobs') {
    const jobs = await Promise.all(Array.from({ length }, () => tasks.register(leaf('a'))));
    await Promise.all(jobs.map((job) => job.start()));
    return jobs.map(({ root }) => root);
  }
  const plans = Array.from({ length }, (_, index) => leaf(`a${index}`));
  const job = await tasks.register(group('g', plans, { mode: 'parallel' }));
  for (const child of job.root.children) await child.start();
  return job.root.children;
}

/** Some leaves move every 20 ms, so that each flush finds them moved. */
async function move({ forMs, moving }: Order & { do: 'move' }): Promise<Answer> {
  const flushBefore = flushCpuMs();
  const before = process.cpuUsage();
  const timer = setInterval(() => {
    for (const task of leaves.slice(0, moving)) task.advance();
  }, 20);
  await new Promise((resolve) => setTimeout(resolve, forMs));
  clearInterval(timer);
  const { user, system } = process.cpuUsage(before);
  return { flushCpuMs: flushCpuMs() - flushBefore, cpuMs: (user + system) / 1000 };
}

/** A life every 20 ms: registered, started, finished. */
async function live({ forMs }: Order & { do: 'lifecycle' }): Promise<Answer> {
  const callsMs: number[] = [];
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10 + 20 * Math.random()));
    const job = await timed(callsMs, () => tasks.register(leaf('b')));
    await timed(callsMs, () => job.start());
    job.root.advance();
    await timed(callsMs, () => job.finish());
  }
  return { callsMs };
}

async function timed<T>(callsMs: number[], call: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await call();
  callsMs.push(performance.now() - begun);
  return result;
}

/** Counts the ms of the machine's own clock, until it is killed. */
function countUp(): void {
  const [task] = leaves;
  let last = clockMs();
  for (;;) {
    const now = clockMs();
    task?.advance(now - last);
    last = now;
  }
}

function clockMs(): number {
  return Math.floor(Number(process.hrtime.bigint()) / 1e6);
}

/** proc_pid_stat(5): the 14th and 15th fields, in ticks of 10 ms. Threads are named by what they do. */
function flushCpuMs(): number {
  let ticks = 0;
  for (const thread of readdirSync('/proc/self/task')) {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    if (!name.startsWith('holdfast-flush')) continue;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[14 - 3]) + Number(fields[15 - 3]);
  }
  return ticks * 10;
}
