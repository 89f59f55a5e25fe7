import { setImmediate as turn } from 'node:timers/promises';
import type { PortsSetup, PortsSubject } from '../../src/torture.ts';
import { HonestPorts } from './honest.ts';

/** Plans on what it read before its transaction, and carries the plan out whatever has happened. */
class PlanOutside extends HonestPorts {
  override async reserve(path: string): Promise<number> {
    const port = this.portOf(path) ?? this.lowest();
    await turn();
    this.transaction(() => this.replace(path, '', port));
    return port;
  }
}

export async function openSubject(setup: PortsSetup): Promise<PortsSubject> {
  return new PlanOutside(setup);
}
