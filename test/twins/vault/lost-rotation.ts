import { setImmediate as turn } from 'node:timers/promises';
import type { VaultSetup, VaultSubject } from '../../../src/torture.ts';
import { HonestVault } from './honest.ts';

/** Numbers the next version from what it read before its transaction: of two rotations one is lost. */
class LostRotation extends HonestVault {
  override async rotate(key: string, expectedVersion?: number): Promise<number> {
    this.expect(key, expectedVersion);
    const old = this.inUse(key);
    await turn();
    return this.transaction(() => {
      this.setState(key, old, 'Deprecated');
      const content = `${process.pid}`.padStart(64, '0');
      this.insert({ key, version: old + 1, state: 'Active' }, content);
      return old + 1;
    });
  }
}

export async function openSubject(setup: VaultSetup): Promise<VaultSubject> {
  return new LostRotation(setup);
}
