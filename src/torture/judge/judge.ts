import type { AnyDeclared, Broken } from '../declare/declaration.ts';
import { History } from '../declare/history.ts';
import type { Operation } from '../declare/operation.ts';
import { checkLinearizable } from '../order/linearizable.ts';
import { describeError } from '../run/perform.ts';
import type { Repetition } from '../run/repetition.ts';
import { inFlightTable } from '../run/watchdog.ts';
import type { World } from '../world/world.ts';
import { readFinally } from './final-reads.ts';
import type { Inspection } from './inspector.ts';
import type { Counterexample, Violation } from './verdict.ts';

/** What a repetition shows. */
export interface Judgement {
  readonly violations: readonly Violation[];
  /** Why it cannot be called ok. */
  readonly doubts: readonly string[];
  readonly notes: readonly string[];
}

export interface JudgeOptions {
  readonly repeat: number;
  /** Of the history's times. */
  readonly clock: () => number;
  readonly world: World;
  /** Whether a store in hard conditions may fail in ways that its declaration has no word for. */
  readonly forgives?: boolean | undefined;
  /** Operations that failed because of a fault of ours. */
  readonly excused?: ReadonlySet<Operation> | undefined;
  /** Of somebody who has read the store in the place of the one who judges. */
  readonly inspection?: Inspection | undefined;
}

/** Enough operations to see what is wrong. */
const EVIDENCE_MAX = 12;

/** Judges one repetition: worker deaths, stalls, unexpected errors, expectations, invariants. */
export async function judge(
  declared: AnyDeclared,
  shared: unknown,
  repetition: Repetition,
  options: JudgeOptions,
): Promise<Judgement> {
  const violations: Violation[] = [];
  const doubts: string[] = [];
  const { repeat } = options;
  const blame: Blame = (invariant, message, operations = [], counterexample = undefined) => {
    const shown = operations.slice(0, EVIDENCE_MAX);
    violations.push({ invariant, message, repeat, operations: shown, counterexample, alike: 0 });
  };

  const { stall } = repetition;
  // A store whose clients hang or are gone would only be blamed for what they left.
  const isWhole = !stall && repetition.failures.length === 0;
  const { inspection } = options;
  const isReadable = isWhole && canBeRead(inspection, blame, doubts);
  await using store = isReadable ? await reopen(declared, shared, options, blame) : undefined;
  const read =
    inspection?.kind === 'read'
      ? inspection.operations
      : store
        ? await readFinally(declared, store.handle, {
            process: nextProcess(repetition.operations),
            clock: options.clock,
          })
        : [];
  const history = new History([...repetition.operations, ...read]);
  const { forgives = false } = options;
  for (const failure of repetition.failures) {
    if (forgives) {
      doubts.push(`a worker could not go on: ${failure}`);
      continue;
    }
    const lost = history.operations.filter(({ returnedAt }) => returnedAt === undefined);
    blame('workers', failure, lost);
  }
  if (stall) {
    const table = inFlightTable(stall.inFlight, options.clock());
    const message = [stall.message, ...table, ...stall.evidence].join('\n');
    if (stall.kind === 'starvation') blame('no-starvation', message);
    else if (stall.kind === 'late') doubts.push(message);
    else blame('no-deadlock', `${stall.kind}: ${message}`);
  }
  if (!forgives) judgeOutcomes(declared, history, options, blame);
  if (isWhole && declared.expect?.includes('linearizable')) {
    judgeOrder(declared, history, blame, doubts);
  }
  if (store) await judgeInvariants(declared, store.handle, { history, shared }, blame);
  const notes = repetition.slow ? [...history.notes, repetition.slow] : history.notes;
  return { violations, doubts, notes };
}

/** Somebody who has not been in a history yet. */
export function nextProcess(operations: readonly Operation[]): number {
  return 1 + operations.reduce((most, one) => Math.max(most, one.process), -1);
}

/** Whether there is something left to look at, by somebody who has tried or by nobody yet. */
function canBeRead(inspection: Inspection | undefined, blame: Blame, doubts: string[]): boolean {
  if (inspection === undefined || inspection.kind === 'read') return true;
  const { kind, reason } = inspection;
  if (kind === 'refused') blame('reopen', reason);
  else if (kind === 'late') doubts.push(reason);
  else if (kind === 'hung') blame('no-deadlock', `when all clients had gone, ${reason}`);
  else blame('workers', `when all clients had gone: ${reason}`);
  return false;
}

type Blame = (
  invariant: string,
  message: string,
  operations?: readonly Operation[],
  counterexample?: Counterexample | undefined,
) => void;

function judgeOutcomes(
  declared: AnyDeclared,
  history: History,
  { excused }: JudgeOptions,
  blame: Blame,
): void {
  const bugs = history.operations.filter((operation) => operation.isBug);
  if (bugs.length > 0) {
    const message = `${bugs.length} operation(s) threw what the declaration has no word for`;
    blame('errors', message, bugs);
  }
  if (!declared.expect?.includes('all-ok')) return;
  const others = history.operations.filter((operation) => {
    const { outcome, isBug, returnedAt } = operation;
    return outcome !== 'ok' && !isBug && returnedAt !== undefined && !excused?.has(operation);
  });
  if (others.length === 0) return;
  const message = `${others.length} operation(s) did not succeed`;
  blame('all-ok', message, others);
}

function judgeOrder(declared: AnyDeclared, history: History, blame: Blame, doubts: string[]): void {
  const found = checkLinearizable(declared, history.operations);
  if (!found) return;
  const where = found.partition === '' ? '' : ` of '${found.partition}'`;
  const why = found.reason ? ` (${found.reason})` : '';
  if (found.kind === 'illegal') {
    const message = `no order of the operations${where} explains their results; the longest explains ${found.explained}, then none of these fits${why}`;
    blame('linearizable', message, found.stuck, found.counterexample());
  } else if (found.kind === 'uncertain') {
    doubts.push(`operations of unknown outcome leave the order${where} open`);
  } else
    doubts.push(`the search for an order${where} was given up at ${found.explained} operations`);
}

async function judgeInvariants(
  declared: AnyDeclared,
  store: unknown,
  { history, shared }: { readonly history: History; readonly shared: unknown },
  blame: Blame,
): Promise<void> {
  for (const [rule, invariant] of Object.entries(declared.invariants ?? {})) {
    const broken = await brokenBy(() => invariant(store, history, shared));
    for (const { message, operations = [] } of broken) blame(rule, message, operations);
  }
}

/** A fresh handle for final reads and invariants, where there are any. */
async function reopen(
  declared: AnyDeclared,
  shared: unknown,
  { world, inspection }: JudgeOptions,
  blame: Blame,
): Promise<(AsyncDisposable & { readonly handle: unknown }) | undefined> {
  const { store, invariants = {}, finalReads = [] } = declared;
  const reads = inspection ? [] : finalReads;
  if (Object.keys(invariants).length + reads.length === 0) return undefined;
  // A store that cannot even be opened again has broken whatever it promised.
  try {
    const handle: unknown = await store.open(shared, world);
    const close = async () => {
      try {
        await store.close?.(handle);
      } catch (error) {
        blame('close', sentenceOf(error));
      }
    };
    return { handle, [Symbol.asyncDispose]: close };
  } catch (error) {
    blame('reopen', sentenceOf(error));
    return undefined;
  }
}

async function brokenBy(check: () => Invariant | Promise<Invariant>): Promise<readonly Broken[]> {
  try {
    const found = await check();
    if (found === undefined || found === true) return [];
    if (found === false) return [{ message: 'does not hold' }];
    const list = typeof found === 'string' || 'message' in found ? [found] : found;
    return list.map((one) => (typeof one === 'string' ? { message: one } : one));
  } catch (error) {
    return [{ message: sentenceOf(error) }];
  }
}

/** What an invariant answers. */
type Invariant = Awaited<ReturnType<NonNullable<AnyDeclared['invariants']>[string]>>;

function sentenceOf(error: unknown): string {
  const { code, message } = describeError(error);
  return `${code}: ${message}`;
}
