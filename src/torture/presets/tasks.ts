import { tasksScenarios } from './catalogue/tasks.ts';
import { type Preset, presetOf } from './preset.ts';
import { t1 } from './tasks/t1.ts';
import { t2 } from './tasks/t2.ts';
import { t3 } from './tasks/t3.ts';
import { t4 } from './tasks/t4.ts';
import { tl } from './tasks/tl.ts';

const settings = [{ modes: ['threads', 'processes', 'crash'] }] as const;

/** The scenarios of jobs. */
export const tasksPresets: readonly Preset[] = [t1, t2, t3, t4, tl].map((declared) =>
  presetOf(declared, tasksScenarios, { settings }),
);
