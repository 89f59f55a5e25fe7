import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { HoldfastError } from '../../../errors.ts';
import { moduleUrl, type SiteShared } from './site.ts';

/** Has a process register and start jobs, and die in the middle of them. */
export async function leaveOrphans(
  { subject, setup }: SiteShared,
  jobs: readonly string[],
): Promise<void> {
  const main = fileURLToPath(moduleUrl('orphans-main'));
  const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, NODE_OPTIONS, ...env } = process.env;
  const child = spawn(process.execPath, [main, subject, setup.dir, ...jobs], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-SAID_MAX);
  });
  const [code, signal] = await once(child, 'close');
  if (signal !== 'SIGKILL') {
    throw new HoldfastError(
      'WORKER_FAILED',
      `a process that registers jobs ended with ${code}: ${said}`,
    );
  }
}

const SAID_MAX = 2000;
