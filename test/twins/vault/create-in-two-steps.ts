import { setImmediate as turn } from 'node:timers/promises';
import type { VaultSetup, VaultSubject } from '../../../src/torture.ts';
import { HonestVault, refusal } from './honest.ts';

/** Looks whether a key is there, and then makes it, whatever has happened in between. */
class CreateInTwoSteps extends HonestVault {
  override async create(key: string, content: string): Promise<void> {
    if (this.family(key).length > 0) throw refusal('CONFLICT');
    await turn();
    this.transaction(() => {
      this.insert({ key, version: 1, state: 'Active' }, content);
      this.log(key);
    });
  }
}

export async function openSubject(setup: VaultSetup): Promise<VaultSubject> {
  return new CreateInTwoSteps(setup);
}
