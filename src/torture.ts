export type { Call, CheckResult } from './torture/check/call.ts';
export { checkHistory, type HistoryOptions, modelNames } from './torture/check/check-history.ts';
export { HistoryError } from './torture/check/history-error.ts';
export { parseHistory } from './torture/check/history-file.ts';
export { historyVerdictText } from './torture/check/verdict-text.ts';
export {
  type AnyDeclared,
  type Broken,
  type CreateContext,
  type Declaration,
  type Declared,
  type Expectation,
  type Fate,
  type Finding,
  type Illegal,
  illegal,
  importDeclaration,
  type Model,
  type Op,
  type Ops,
  oneOf,
  op,
  type Step,
  type Store,
  torture,
} from './torture/declare/declaration.ts';
export { History, type HistoryEvent } from './torture/declare/history.ts';
export {
  constant,
  type Draw,
  type Input,
  integer,
  key,
  rec,
  unique,
} from './torture/declare/input.ts';
export type { Operation, Outcome } from './torture/declare/operation.ts';
export type { Mode, Phase, Plan, Role, RunMode, Size } from './torture/declare/plan.ts';
export { freshSeed } from './torture/declare/random.ts';
export {
  block,
  crashImages,
  damage,
  diskFull,
  type Fault,
  failCalls,
  fileLimit,
  kill,
  pause,
  powerLoss,
  syscalls,
} from './torture/faults/fault.ts';
export { faultText, parseFault } from './torture/faults/fault-text.ts';
export { parseReplayToken, type Replay } from './torture/interleave/token.ts';
export type { Verdict, Violation } from './torture/judge/verdict.ts';
export { checkLinearizable, type OrderVerdict } from './torture/order/linearizable.ts';
export { type CatalogueEntry, catalogue } from './torture/presets/catalogue.ts';
export {
  type PortsSetup,
  type PortsSubject,
  SubjectError,
  type SubjectReserveOptions,
  type SubjectRow,
} from './torture/presets/ports/subject.ts';
export type { Preset, Setting } from './torture/presets/preset.ts';
export type { Crew, Scenario, StoreName } from './torture/presets/scenario.ts';
export { selectPresets } from './torture/presets/select.ts';
export type {
  SubjectEvent,
  SubjectJob,
  SubjectJobRow,
  SubjectListener,
  SubjectListing,
  SubjectRegistration,
  SubjectUpdate,
  TasksSetup,
  TasksSubject,
} from './torture/presets/tasks/subject.ts';
export type {
  Carriage,
  SubjectKey,
  VaultSetup,
  VaultSubject,
} from './torture/presets/vault/subject.ts';
export { htmlReport } from './torture/report/html-report.ts';
export { junitReport } from './torture/report/junit.ts';
export { liveLine } from './torture/report/live.ts';
export {
  type Environment,
  exitStatus,
  type Latency,
  type Report,
  type RunReport,
} from './torture/report/report.ts';
export { reportText } from './torture/report/text-report.ts';
export { expectOk } from './torture/run/expect.ts';
export { PoolSet } from './torture/run/pool-set.ts';
export { type PresetOptions, runPresets } from './torture/run/run-presets.ts';
export { type DeclarationOptions, runTorture } from './torture/run/run-torture.ts';
export type { TortureEvent } from './torture/run/series.ts';
export {
  mistakes,
  runSelfTest,
  type SelfTestOptions,
  type SelfTestResult,
} from './torture/self-test/run-self-test.ts';
export type { Awaiting, FileSystem, World } from './torture/world/world.ts';
