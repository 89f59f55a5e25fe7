// A process that runs a job, for the tests of the page: node page-worker.ts DIR KIND
// Kinds: import, report, many, and visitors, which is import beside jobs that come and go.
// It says `ready` when the job has begun, `canceled` when it was asked to cancel, and ends with a
// line on its standard input.
import { setTimeout as passing } from 'node:timers/promises';
import { group, type Job, leaf, type Plan, Tasks } from '../../src/tasks.ts';

const BEAT_MS = 20;

const plans: Readonly<Record<string, Plan>> = {
  import: group('Import', [leaf('Read', { volume: 5000, unit: 'rows' }), leaf('Count')], {
    mode: 'parallel',
  }),
  report: group('Report', [leaf('Pages', { volume: 3000 })]),
  many: group(
    'Many',
    Array.from({ length: 499 }, (_, at) => leaf(`Part ${at}`, { volume: 20_000 })),
    { mode: 'parallel' },
  ),
};

const [dir, kind = ''] = process.argv.slice(2);
const hasVisitors = kind === 'visitors';
const plan = plans[hasVisitors ? 'import' : kind];
if (!plan) throw new Error(`no plan ${kind}`);
const tasks = await Tasks.open({ dir, user: 'anna' });
const job = await tasks.register(plan, { job: kind });
await job.root.start();
for (const task of job.root.children) await task.start();
process.stdout.write('ready\n');

const ending = Promise.withResolvers<'canceled' | 'finished'>();
job.signal.addEventListener('abort', () => ending.resolve('canceled'));
process.stdin.once('data', () => ending.resolve('finished'));

const beat = setInterval(() => {
  for (const [at, task] of job.root.children.entries()) task.advance(1 + (at % 7));
}, BEAT_MS);
const visitors = hasVisitors ? passVisitors(tasks) : Promise.resolve();
const outcome = await ending.promise;
clearInterval(beat);
await end(job, outcome);
await visitors;
await tasks.close();
process.stdin.destroy();

async function passVisitors(store: Tasks): Promise<void> {
  let isOver = false;
  void ending.promise.then(() => {
    isOver = true;
  });
  for (let at = 0; !isOver; at += 1) {
    await store.run(leaf(`Visitor ${at}`, { volume: 3 }), async (visitor) => {
      const { root } = visitor;
      if (root.kind === 'leaf') root.advance(3);
      await passing(BEAT_MS);
    });
  }
}

async function end({ root }: Job, outcome: 'canceled' | 'finished'): Promise<void> {
  if (outcome === 'canceled') await root.cancel();
  else {
    for (const task of root.children) await task.finish();
    await root.finish();
  }
  process.stdout.write(`${outcome}\n`);
}
