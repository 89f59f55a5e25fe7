import type { VaultSetup, VaultSubject } from '../../../src/torture.ts';
import { HonestVault } from './honest.ts';

/** Keeps what it has read of a version: what others revoke meanwhile it goes on giving. */
class StaleRevoke extends HonestVault {
  readonly #states = new Map<string, string>();
  readonly #contents = new Map<string, string>();

  override async get(key: string, version: number): Promise<string | undefined> {
    const known = this.#states.get(`${key}/${version}`);
    if (known !== undefined) return known;
    const state = await super.get(key, version);
    if (state === 'Deprecated') this.#states.set(`${key}/${version}`, state);
    return state;
  }

  override async reveal(key: string, version: number): Promise<string> {
    const known = this.#contents.get(`${key}/${version}`);
    const content = known ?? (await super.reveal(key, version));
    this.#contents.set(`${key}/${version}`, content);
    return content;
  }
}

export async function openSubject(setup: VaultSetup): Promise<VaultSubject> {
  return new StaleRevoke(setup);
}
