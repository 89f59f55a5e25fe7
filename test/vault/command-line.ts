import type { TestContext } from 'node:test';
import { Vault } from '../../src/vault.ts';
import { StoreLine } from '../support/store-line.ts';

/** `holdfast vault`, whose vault opens by a key file that is not named. */
export class CommandLine extends StoreLine {
  constructor(t: TestContext) {
    super(t, 'vault');
  }

  protected override get env(): NodeJS.ProcessEnv {
    return { ...super.env, HOLDFAST_VAULT_KEY_FILE: this.path('key') };
  }

  /** The vault by the library, and made where it is not there: that costs no process. */
  async with<T>(use: (vault: Vault) => Promise<T>): Promise<T> {
    const unlock = { keyFile: this.path('key') };
    await using vault = await Vault.open({ dir: this.path('data'), unlock });
    return await use(vault);
  }
}
