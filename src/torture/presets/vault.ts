import { vaultScenarios } from './catalogue/vault.ts';
import { type Preset, presetOf, type Setting } from './preset.ts';
import { k1 } from './vault/k1.ts';
import { k2 } from './vault/k2.ts';
import { k3 } from './vault/k3.ts';
import { k4 } from './vault/k4.ts';
import { k5 } from './vault/k5.ts';
import { k6 } from './vault/k6.ts';
import { k7 } from './vault/k7.ts';
import { kl } from './vault/kl.ts';
import { FILE_SUBJECT, MEMORY_SUBJECT } from './vault/site.ts';

const inMemory: Setting = { modes: ['threads'], subject: MEMORY_SUBJECT, note: 'memory' };
const inFile: Setting = { modes: ['threads', 'processes', 'crash'], subject: FILE_SUBJECT };

/** The scenarios of keys. */
export const vaultPresets: readonly Preset[] = [k1, k2, k3, k4, k5, k6, k7, kl].map((declared) =>
  presetOf(declared, vaultScenarios, {
    settings: declared === k4 ? [inFile] : [inMemory, inFile],
    // The seed's own limit, which nobody watched from outside.
    stallMs: declared === k6 ? 5000 : undefined,
  }),
);
