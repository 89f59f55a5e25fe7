import type { Program } from './command.ts';

/** `holdfast` itself. */
export const root: Program = {
  name: 'holdfast',
  about: 'Shared state for many processes on one machine, and the proof that it holds.',
  version: async () => `holdfast ${(await import('./version.ts')).packageVersion()}`,
  globals: {
    help: { type: 'flag', short: 'h', help: 'Print help' },
    version: { type: 'flag', short: 'V', help: 'Print version' },
  },
  commands: {
    ports: {
      summary: 'Manage ephemeral port reservations',
      load: async () => (await import('./ports/program.ts')).portsProgram,
    },
    vault: {
      summary: 'Keep keys and secrets, and use them without showing them',
      load: async () => (await import('./vault/program.ts')).vaultProgram,
    },
    tasks: {
      summary: 'Show what processes are doing, and how far they are',
      load: async () => (await import('./tasks/program.ts')).tasksProgram,
    },
    torture: {
      summary: 'Prove stores under concurrency and crashes',
      load: async () => (await import('./torture/program.ts')).tortureProgram,
    },
    doctor: {
      summary: 'Inspect the store files of a data directory',
      load: async () => (await import('./doctor.ts')).doctor,
    },
  },
};
