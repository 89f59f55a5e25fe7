import { runWithPort } from '../src/ports/exec.ts';
import { Held, listenOn } from '../src/ports/hold.ts';

const { abortOn, hold, ...options } = JSON.parse(process.argv[2] ?? '{}');
const abort = new AbortController();
if (abortOn) process.once(abortOn, () => abort.abort());

try {
  const reservation = {
    path: '/x',
    tag: undefined,
    port: options.port,
    project: undefined,
    task: undefined,
    createdAt: 0,
    lastUsedAt: 0,
    outcome: 'created',
  } as const;
  const held = hold ? new Held(reservation, await listenOn(options.port)) : undefined;
  process.exitCode = await runWithPort({ ...options, held, signal: abort.signal });
} catch (error) {
  const { code, name, message } = error as NodeJS.ErrnoException;
  console.error(code, name, message);
  process.exitCode = 99;
}
