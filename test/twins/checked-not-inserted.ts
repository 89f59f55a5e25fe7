import { setImmediate as turn } from 'node:timers/promises';
import type { PortsSetup, PortsSubject } from '../../src/torture.ts';
import { HonestPorts } from './honest.ts';

/** Chooses the port under the lock, lets go of it, and inserts under the lock again. */
class CheckedNotInserted extends HonestPorts {
  override async reserve(path: string): Promise<number> {
    const port = this.transaction(() => this.portOf(path) ?? this.lowest());
    await turn();
    this.transaction(() => this.insert(path, '', port));
    return port;
  }
}

export async function openSubject(setup: PortsSetup): Promise<PortsSubject> {
  return new CheckedNotInserted(setup);
}
