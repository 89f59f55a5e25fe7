import { defaultPolicy } from '../src/ports/policy.ts';
import { ProbeQueue } from '../src/ports/probe-queue.ts';

const first = Number(process.argv[2]);
const ports = Array.from({ length: 8 }, (_, index) => first + index);
const queue = new ProbeQueue();
await queue.probe(ports, defaultPolicy.occupancy);

process.once('message', async () => {
  const taken = new Set<number>();
  for (let round = 0; round < 15; round++) {
    for (const { port, state } of (await queue.probe(ports, defaultPolicy.occupancy)).values()) {
      if (state !== 'free') taken.add(port);
    }
  }
  process.send?.([...taken], () => process.disconnect());
});
process.send?.('ready');
