import { archiveScenarios } from './catalogue/archive.ts';
import { memoryScenarios } from './catalogue/memory.ts';
import { portsScenarios } from './catalogue/ports.ts';
import { tasksScenarios } from './catalogue/tasks.ts';
import { vaultScenarios } from './catalogue/vault.ts';
import { allPresets } from './presets.ts';
import type { Scenario } from './scenario.ts';

/** A scenario with whether it can be run. */
export interface CatalogueEntry extends Scenario {
  /** Others have no declaration yet: theirs come with their store. */
  readonly isAvailable: boolean;
  /** What our declaration holds the store to, by name. */
  readonly checks: readonly string[];
}

/** Every scenario of the seeds, and what we have added to them, store by store. */
export const catalogue: readonly CatalogueEntry[] = [
  ...vaultScenarios,
  ...archiveScenarios,
  ...memoryScenarios,
  ...portsScenarios,
  ...tasksScenarios,
].map((scenario) => {
  const declared = allPresets.find((preset) => preset.declared.name === scenario.id)?.declared;
  const checks = [...(declared?.expect ?? []), ...Object.keys(declared?.invariants ?? {})];
  return { ...scenario, isAvailable: declared !== undefined, checks };
});
