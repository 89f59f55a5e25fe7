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
} from './torture/declaration.ts';
export { expectOk } from './torture/expect.ts';
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
export { History, type HistoryEvent } from './torture/history.ts';
export { htmlReport } from './torture/html-report.ts';
export { constant, type Draw, type Input, integer, key, rec, unique } from './torture/input.ts';
export { parseReplayToken, type Replay } from './torture/interleave/token.ts';
export { junitReport } from './torture/junit.ts';
export { checkLinearizable, type OrderVerdict } from './torture/linearizable.ts';
export { liveLine } from './torture/live.ts';
export type { Operation, Outcome } from './torture/operation.ts';
export type { Mode, Phase, Plan, Role, RunMode, Size } from './torture/plan.ts';
export { PoolSet } from './torture/pool-set.ts';
export { type CatalogueEntry, catalogue } from './torture/presets/catalogue.ts';
export {
  type PortsSetup,
  type PortsSubject,
  SubjectError,
  type SubjectReserveOptions,
  type SubjectRow,
} from './torture/presets/ports/subject.ts';
export type { Crew, Scenario, StoreName } from './torture/presets/scenario.ts';
export { selectPresets } from './torture/presets/select.ts';
export { freshSeed } from './torture/random.ts';
export {
  type Environment,
  exitStatus,
  type Latency,
  type Report,
  type RunReport,
} from './torture/report.ts';
export { type PresetOptions, runPresets } from './torture/run-presets.ts';
export { type DeclarationOptions, runTorture } from './torture/run-torture.ts';
export {
  mistakes,
  runSelfTest,
  type SelfTestOptions,
  type SelfTestResult,
} from './torture/self-test/run-self-test.ts';
export type { TortureEvent } from './torture/series.ts';
export { reportText } from './torture/text-report.ts';
export type { Verdict, Violation } from './torture/verdict.ts';
export type { Awaiting, FileSystem, World } from './torture/world/world.ts';
