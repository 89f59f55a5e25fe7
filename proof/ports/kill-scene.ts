import { join } from 'node:path';
import { defaultPolicy, Ports, validateStore } from '../../src/ports.ts';
import type { Dead, Inspection, Scene } from '../kill-loop.ts';
import { differences, type PortsEntry } from './holdings.ts';

/** Processes that reserve, release, move and clean up ports of one store. */
export const portsScene: Scene<PortsEntry> = {
  worker: join(import.meta.dirname, 'kill-worker.ts'),
  crews: [3],
  ...{ probe, inspect },
};

const occupancy = { ...defaultPolicy.occupancy, skip: true };
const policy = { min: 1024, max: 65_535, autoprune: false, autoexpire: false, occupancy };

async function probe(dir: string): Promise<void> {
  await using ports = await open(dir);
  await ports.reserve(join(dir, `after-${performance.now()}`));
}

async function inspect(dir: string, dead: readonly Dead<PortsEntry>[]): Promise<Inspection> {
  await using ports = await open(dir);
  const violations: string[] = [];
  for (const { home, words } of dead) {
    const rows = new Map<string, number[]>();
    for await (const { path, port } of ports.all({ path: home })) {
      const held = rows.get(path);
      if (held) held.push(port);
      else rows.set(path, [port]);
    }
    violations.push(...differences(words, rows));
  }
  for (const { message } of await validateStore(dir)) violations.push(message);
  return { violations, happened: 0 };
}

function open(dir: string): Promise<Ports> {
  return Ports.open({ dir, policy, durability: 'process' });
}
