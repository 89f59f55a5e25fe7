import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { attach } from './attach.ts';
import { Flusher } from './flusher.ts';
import { openEngine, runLeaves } from './leaves.fixture.ts';
import { SlotSpace, type TaskShare } from './slots.ts';

// As a thread: counts so often for a task of another thread, then says so.
// As a process, with a role and a store file: counts for a task of its own, which it prints first.

if (parentPort) {
  const { share, count } = workerData as { readonly share: TaskShare; readonly count: number };
  const counter = attach(share);
  for (let done = 0; done < count; done += 1) counter.advance();
  parentPort.postMessage('done');
} else {
  await runRole();
}

async function runRole(): Promise<void> {
  const [role, file = '', forMs = ''] = process.argv.slice(2);
  const engine = await openEngine(file);
  const running = await runLeaves(engine, `job-${process.pid}`);
  const [task = 0] = running.tasks;
  const ignore = () => undefined;
  const listener = { gone: ignore, cancelRequested: ignore, failed: console.error };
  const flusher = Flusher.start(
    { file, ownerId: running.ownerId, durability: 'process' },
    listener,
  );
  process.on('exit', () => void flusher.flushAtExit(engine));
  const slot = new SlotSpace().claim();
  flusher.track(task, running.jobId, [slot], 0);
  writeSync(1, `${JSON.stringify({ ...running, isThread: flusher.isThread })}\n`);
  if (role === 'block') {
    // Progress is the time: what is in the file tells how old it is.
    const endsAt = Date.now() + Number(forMs);
    for (let now = Date.now(); now < endsAt; now = Date.now()) slot.values[slot.index] = now;
  } else if (role === 'count') {
    setInterval(() => {
      slot.values[slot.index] = Date.now();
    }, 1);
  } else {
    slot.values[slot.index] = 42;
    flusher.message(task, 'all done');
    if (role === 'exit') process.exit();
  }
}
