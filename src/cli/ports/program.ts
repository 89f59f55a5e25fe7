import type { Program } from '../command.ts';
import { globals } from './options.ts';

/** `holdfast ports`: its commands, options and statuses are those of trop 0.2.0, and some more. */
export const portsProgram: Program = {
  name: 'holdfast ports',
  about: 'Manage ephemeral port reservations',
  // Scripts written for trop ask whether they found it.
  version: () => 'trop 0.2.0',
  globals,
  commands: {
    reserve: {
      summary: 'Reserve a port for a directory',
      load: async () => (await import('./reserve.ts')).reserve,
    },
    release: {
      summary: 'Give reservations back',
      load: async () => (await import('./release.ts')).release,
    },
    list: {
      summary: 'List reservations',
      load: async () => (await import('./list.ts')).list,
    },
    'list-projects': {
      summary: 'List the projects that have reservations',
      load: async () => (await import('./list-projects.ts')).listProjects,
    },
    'reserve-group': {
      summary: 'Reserve the ports of a group of services, all or none',
      load: async () => (await import('./group.ts')).reserveGroup,
    },
    autoreserve: {
      summary: 'Reserve the group that the nearest trop.yaml defines',
      load: async () => (await import('./group.ts')).autoreserve,
    },
    exec: {
      summary: 'Run a command with a reserved port',
      load: async () => (await import('./exec.ts')).exec,
    },
    prune: {
      summary: 'Remove reservations of directories that are gone',
      load: async () => (await import('./cleanup.ts')).prune,
    },
    expire: {
      summary: 'Remove reservations that nobody used for some days',
      load: async () => (await import('./cleanup.ts')).expire,
    },
    autoclean: {
      summary: 'Prune and expire in one go',
      load: async () => (await import('./cleanup.ts')).autoclean,
    },
    cleanup: {
      summary: 'Prune, expire or both',
      load: async () => (await import('./cleanup.ts')).cleanup,
      hidden: true,
    },
    'assert-reservation': {
      summary: 'Succeed if a directory has a reservation',
      load: async () => (await import('./assert.ts')).assertReservation,
    },
    'assert-port': {
      summary: 'Succeed if a port is reserved',
      load: async () => (await import('./assert.ts')).assertPort,
    },
    'assert-data-dir': {
      summary: 'Succeed if the data directory is there, and sound',
      load: async () => (await import('./assert-data-dir.ts')).assertDataDir,
    },
    'port-info': {
      summary: 'Show who reserved a port',
      load: async () => (await import('./port-info.ts')).portInfo,
    },
    why: {
      summary: 'Explain why a port is or is not free',
      load: async () => (await import('./why.ts')).why,
    },
    scan: {
      summary: 'Find ports of the range that are in use',
      load: async () => (await import('./scan.ts')).scan,
    },
    'show-data-dir': {
      summary: 'Print the data directory',
      load: async () => (await import('./show.ts')).showDataDir,
    },
    'show-path': {
      summary: 'Print the path that a reservation would be kept under',
      load: async () => (await import('./show.ts')).showPath,
    },
    validate: {
      summary: 'Check a configuration file',
      load: async () => (await import('./validate.ts')).validate,
    },
    exclude: {
      summary: 'Add a port or a range to the excluded ports',
      load: async () => (await import('./exclude.ts')).exclude,
    },
    'compact-exclusions': {
      summary: 'Join the excluded ports of a file into ranges',
      load: async () => (await import('./exclude.ts')).compactExclusions,
    },
    init: {
      summary: 'Create the data directory and its database',
      load: async () => (await import('./init.ts')).init,
    },
    migrate: {
      summary: 'Move reservations from one path to another',
      load: async () => (await import('./migrate.ts')).migrate,
    },
    'import-trop': {
      summary: 'Take over the reservations of trop',
      load: async () => (await import('./import-trop.ts')).importTrop,
    },
    completions: {
      summary: 'Print a completion script for a shell',
      load: async () => (await import('./completions.ts')).completionsOf(portsProgram),
    },
  },
  details: `Exit status: 0 done, 1 negative answer, 2 lock timeout or wrong usage, 3 no data directory,
4 invalid arguments, 5 I/O error, 6 any other failure, 7 configuration error.`,
};
