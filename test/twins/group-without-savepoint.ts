import type { PortsSetup, PortsSubject } from '../../src/torture.ts';
import { HonestPorts } from './honest.ts';

/** Each port of a group is a transaction of its own, so that a failure leaves those before it. */
class GroupWithoutSavepoint extends HonestPorts {
  override async reserveGroup(path: string, count: number): Promise<readonly number[]> {
    return Array.from({ length: count }, (_, index) =>
      this.transaction(() => {
        const port = this.portOf(path, `port-${index}`) ?? this.lowest();
        this.insert(path, `port-${index}`, port);
        return port;
      }),
    );
  }
}

export async function openSubject(setup: PortsSetup): Promise<PortsSubject> {
  return new GroupWithoutSavepoint(setup);
}
