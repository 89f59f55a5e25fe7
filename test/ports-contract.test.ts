import { Ports } from '../src/ports.ts';
import { portsContract } from './contract/ports.ts';
import { contractPolicy } from './contract/ports-policy.ts';
import { openInProcess, openInThread } from './contract/ports-remote.ts';

const open = (dir: string) => Ports.open({ dir, policy: contractPolicy, durability: 'process' });

portsContract('one handle', async (dir) => {
  const ports = await open(dir);
  return [ports, ports];
});
portsContract('two handles of one process', (dir) => Promise.all([open(dir), open(dir)]));
portsContract('a worker thread', async (dir) => [await openInThread(dir), await open(dir)]);
portsContract('a child process', async (dir) => [await openInProcess(dir), await open(dir)]);
