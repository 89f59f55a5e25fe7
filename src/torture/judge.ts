import { describeError } from './client.ts';
import type { AnyDeclared, Broken } from './declaration.ts';
import { History } from './history.ts';
import { checkLinearizable } from './linearizable.ts';
import type { Operation } from './operation.ts';
import type { Repetition } from './repetition.ts';
import type { Violation } from './verdict.ts';
import { inFlightTable } from './watchdog.ts';
import { realWorld } from './world/real-world.ts';

/** What a repetition shows. */
export interface Judgement {
  readonly violations: readonly Violation[];
  /** Why it cannot be called ok. */
  readonly doubts: readonly string[];
  readonly notes: readonly string[];
}

/** Enough operations to see what is wrong. */
const EVIDENCE_MAX = 12;

/** Judges one repetition: worker deaths, stalls, unexpected errors, expectations, invariants. */
export async function judge(
  declared: AnyDeclared,
  shared: unknown,
  repetition: Repetition,
  options: { readonly repeat: number; readonly now: number },
): Promise<Judgement> {
  const history = new History(repetition.operations);
  const violations: Violation[] = [];
  const doubts: string[] = [];
  const { repeat } = options;
  const blame: Blame = (invariant, message, operations = []) => {
    const shown = operations.slice(0, EVIDENCE_MAX);
    violations.push({ invariant, message, repeat, operations: shown, alike: 0 });
  };

  for (const failure of repetition.failures) {
    const lost = history.operations.filter(({ returnedAt }) => returnedAt === undefined);
    blame('workers', failure, lost);
  }
  const { stall } = repetition;
  if (stall) {
    const table = inFlightTable(stall.inFlight, options.now);
    const message = [stall.message, ...table].join('\n');
    if (stall.kind === 'stalled') blame('no-deadlock', message);
    else doubts.push(message);
  }
  judgeOutcomes(declared, history, blame);
  // A store whose clients hang or are gone would only be blamed for what they left.
  if (!stall && repetition.failures.length === 0) {
    if (declared.expect?.includes('linearizable')) judgeOrder(declared, history, blame, doubts);
    await judgeInvariants(declared, shared, history, blame);
  }
  return { violations, doubts, notes: history.notes };
}

type Blame = (invariant: string, message: string, operations?: readonly Operation[]) => void;

function judgeOutcomes(declared: AnyDeclared, history: History, blame: Blame): void {
  const bugs = history.operations.filter((operation) => operation.isBug);
  if (bugs.length > 0) {
    const message = `${bugs.length} operation(s) threw what the declaration has no word for`;
    blame('errors', message, bugs);
  }
  if (!declared.expect?.includes('all-ok')) return;
  const others = history.operations.filter(
    ({ outcome, isBug, returnedAt }) => outcome !== 'ok' && !isBug && returnedAt !== undefined,
  );
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
    blame('linearizable', message, found.stuck);
  } else if (found.kind === 'uncertain') {
    doubts.push(`operations of unknown outcome leave the order${where} open`);
  } else
    doubts.push(`the search for an order${where} was given up at ${found.explained} operations`);
}

async function judgeInvariants(
  declared: AnyDeclared,
  shared: unknown,
  history: History,
  blame: Blame,
): Promise<void> {
  const invariants = Object.entries(declared.invariants ?? {});
  if (invariants.length === 0) return;
  const { open, close } = declared.store;
  // A store that cannot even be opened again has broken whatever it promised.
  let store: unknown;
  try {
    store = await open(shared, realWorld);
  } catch (error) {
    return blame('reopen', sentenceOf(error));
  }
  try {
    for (const [rule, invariant] of invariants) {
      for (const { message, operations = [] } of await brokenBy(() =>
        invariant(store, history, shared),
      )) {
        blame(rule, message, operations);
      }
    }
  } finally {
    await close?.(store);
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
