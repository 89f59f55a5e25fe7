import type { Call, OptionTable } from '../command.ts';

/** Options that stand anywhere on the line of every `ports` command. */
export const globals = {
  verbose: { type: 'flag', help: 'Say more' },
  quiet: { type: 'flag', help: 'Say only what was asked for' },
  'data-dir': { type: 'text', value: 'PATH', help: 'Directory of the store and of config.yaml' },
  'busy-timeout': { type: 'integer', value: 'SECONDS', help: 'Longest wait for the writer lock' },
  'disable-autoinit': { type: 'flag', help: 'Fail when there is no store yet' },
  config: { type: 'text', value: 'FILE', help: 'Settings that win over those of other files' },
  json: { type: 'flag', help: 'Print the result as JSON' },
  help: { type: 'flag', short: 'h', help: 'Print help' },
  version: { type: 'flag', short: 'V', help: 'Print version' },
} as const satisfies OptionTable;

/** A call of a `ports` command that has the options `O` of its own. */
export type PortsCall<O extends OptionTable = typeof globals> = Call<O & typeof globals>;

/** Which directory is meant. */
export const pathOption = {
  path: { type: 'text', value: 'PATH', help: 'Directory; the current one by default' },
} as const satisfies OptionTable;

export const dryRunOption = {
  'dry-run': { type: 'flag', help: 'Only say what would be done' },
} as const satisfies OptionTable;

export const unrelatedOption = {
  'allow-unrelated-path': {
    type: 'flag',
    help: 'Allow a path that neither contains nor lies in the current directory',
  },
} as const satisfies OptionTable;

/** Permissions to do what is refused by default. */
export const permissionOptions = {
  force: { type: 'flag', help: 'Everything below and more: overrides every protection' },
  ...unrelatedOption,
  'allow-project-change': { type: 'flag', help: 'Allow another project than the stored one' },
  'allow-task-change': { type: 'flag', help: 'Allow another task than the stored one' },
  'allow-change': { type: 'flag', help: 'Allow another project and another task' },
} as const satisfies OptionTable;

/** Which occupancy probes to leave out or add. */
export const probeOptions = {
  'skip-tcp': { type: 'flag', help: 'Do not probe TCP' },
  'skip-udp': { type: 'flag', help: 'Do not probe UDP' },
  'skip-ipv4': { type: 'flag', help: 'Do not probe IPv4' },
  'skip-ipv6': { type: 'flag', help: 'Do not probe IPv6' },
  'check-all-interfaces': { type: 'flag', help: 'Probe the wildcard addresses too' },
} as const satisfies OptionTable;

export const occupancyOptions = {
  'skip-occupancy-check': { type: 'flag', help: 'Do not probe whether ports are in use' },
  ...probeOptions,
} as const satisfies OptionTable;

/** The range to choose from; text, because a wrong number here is an argument error (4, not 2). */
export const rangeOptions = {
  min: { type: 'text', value: 'PORT', help: 'Lowest port to choose from' },
  max: { type: 'text', value: 'PORT', help: 'Highest port to choose from' },
} as const satisfies OptionTable;
