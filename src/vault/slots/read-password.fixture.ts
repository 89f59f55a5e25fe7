import { once } from 'node:events';
import { readPassword } from './read-password.ts';

interface Instructions {
  readonly isNew?: boolean;
  /** Does not end on SIGINT, but waits for it. */
  readonly survives?: boolean;
  /** What SIGUSR2 does. */
  readonly onUser?: 'exit' | 'abort';
}

const { isNew, survives, onUser }: Instructions = JSON.parse(process.argv[2] ?? '{}');
const abort = new AbortController();
const interrupt = survives ? once(process, 'SIGINT') : undefined;
// Waiting for a signal keeps no process alive.
const alive = setInterval(() => undefined, 60_000);
process.on('SIGUSR2', () => {
  if (onUser === 'exit') process.exit(7);
  abort.abort(new Error('aborted'));
});
try {
  const prompt = `Password of ${process.pid}: `;
  const password = await readPassword({ prompt, isNew, env: {}, signal: abort.signal });
  process.stdout.write(`<password ${password.toString('hex')}>`);
} catch (error) {
  const { name, message } = error as Error;
  process.stdout.write(`<${name}: ${message}>`);
}
if (interrupt) process.stdout.write(`<${await interrupt}>`);
clearInterval(alive);
