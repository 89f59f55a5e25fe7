export { resolveDataDir } from './ports/config/data-dir.ts';
export type { EditOptions } from './ports/config/edit.ts';
export type { Environment } from './ports/config/environment.ts';
export {
  addExclusions,
  type Compaction,
  compactExclusions,
  type Excluded,
  type ExcludeOptions,
  exclusionTarget,
} from './ports/config/exclude.ts';
export { compactRanges, formatExclusion, parseExclusion } from './ports/config/exclusions.ts';
export type { ConfigLayer, LogMode, OutputFormat } from './ports/config/layer.ts';
export {
  type CliLayer,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
} from './ports/config/load.ts';
export { createUserConfig } from './ports/config/template.ts';
export { type ConfigFinding, validateConfigFile } from './ports/config/validate.ts';
export {
  type CheckedService,
  checkServices,
  type GroupConfig,
  numberedServices,
  type Service,
} from './ports/services.ts';
