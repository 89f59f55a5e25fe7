import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { aggregate, JobTable } from '../src/tasks.ts';
import { directoryOf, openTasks } from './tasks/directory.ts';

const program = join(import.meta.dirname, '../bin/holdfast.js');

test('holdfast torture shows its own progress while it runs, and ends when it is canceled', async (t) => {
  const dir = directoryOf(t);
  const tasks = await openTasks(t, { dir });
  const { NODE_TEST_CONTEXT, NODE_EXTRA_CA_CERTS, ...rest } = process.env;
  const env = { ...rest, HOLDFAST_DIR: dir };
  const args = [program, 'torture', '--store', 'ports', '--mode', 'threads'];
  const child = spawn(process.execPath, args, { env });
  t.after(() => child.kill('SIGKILL'));
  const closed = once(child, 'close');
  const printed = text(child.stderr);
  child.stdout.resume();
  const table = new JobTable();
  const fractions: number[] = [];
  let asked = false;
  for await (const update of tasks.subscribe()) {
    if (update.kind === 'events') for (const event of update.events) table.apply(event);
    const [job] = table.jobs;
    const root = job?.tasks[0];
    if (job === undefined || root === undefined) continue;
    const part = job.tasks.find(({ status }) => status === 'running' && root.status === 'running');
    const fraction = part && aggregate(job.tasks).get(root.id)?.lowerBound;
    if (fraction !== undefined && fraction !== fractions.at(-1)) fractions.push(fraction);
    if (fractions.length >= 3 && !asked) asked = await tasks.requestCancel(job.job.job);
    if (root.status === 'canceled') break;
    assert.ok(['pending', 'running'].includes(root.status), root.status);
  }
  const [status, signal] = await closed;
  assert.ok(status === 130 || signal === 'SIGINT', `${status} ${signal}`);
  assert.match(await printed, /canceled, as was asked for/);
  assert.deepEqual(
    fractions.toSorted((a, b) => a - b),
    fractions,
  );
});
