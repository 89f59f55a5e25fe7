import { parentPort, workerData } from 'node:worker_threads';
import { type Command, type LoopSetup, ProgressLoop } from './progress-loop.ts';

// The thread that `flusher.ts` starts.
const loop = new ProgressLoop(workerData as LoopSetup, (report) => {
  parentPort?.postMessage(report);
});
parentPort?.on('message', (command: Command | { readonly type: 'close' }) => {
  if (command.type !== 'close') loop.obey(command);
  else void loop.close().then(() => parentPort?.close());
});
