import { archiveScenarios } from './catalogue/archive.ts';
import { memoryScenarios } from './catalogue/memory.ts';
import { portsScenarios } from './catalogue/ports.ts';
import { tasksScenarios } from './catalogue/tasks.ts';
import { vaultScenarios } from './catalogue/vault.ts';
import type { Scenario } from './scenario.ts';

/** Every scenario of the seeds, and what we have added to them, store by store. */
export const catalogue: readonly Scenario[] = [
  ...vaultScenarios,
  ...archiveScenarios,
  ...memoryScenarios,
  ...portsScenarios,
  ...tasksScenarios,
];
