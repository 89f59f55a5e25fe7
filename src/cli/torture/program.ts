import type { Program } from '../command.ts';
import { packageVersion } from '../version.ts';

/** `holdfast torture`: without the name of a command it runs presets. */
export const tortureProgram: Program = {
  name: 'holdfast torture',
  about: 'Prove stores under concurrency and crashes',
  version: () => `holdfast ${packageVersion()}`,
  globals: {
    help: { type: 'flag', short: 'h', help: 'Print help' },
    version: { type: 'flag', short: 'V', help: 'Print version' },
  },
  commands: {
    run: {
      summary: 'Run a declaration of your own',
      load: async () => (await import('./run.ts')).run,
    },
    replay: {
      summary: 'Run again the schedule of a counterexample',
      load: async () => (await import('./replay.ts')).replay,
    },
    check: {
      summary: 'Judge a recorded history by a model',
      load: async () => (await import('./check.ts')).check,
    },
    'self-test': {
      summary: 'Look for known mistakes in small stores, to prove the rig itself',
      load: async () => (await import('./self-test.ts')).selfTest,
    },
  },
  otherwise: {
    summary: 'Run presets',
    load: async () => (await import('./presets.ts')).presets,
  },
};
