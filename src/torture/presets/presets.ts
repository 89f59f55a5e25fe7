import { portsPresets } from './ports.ts';
import type { Preset } from './preset.ts';
import { tasksPresets } from './tasks.ts';
import { vaultPresets } from './vault.ts';

/** Every scenario that can be run, in the order of the catalogue. */
export const allPresets: readonly Preset[] = [...vaultPresets, ...portsPresets, ...tasksPresets];
