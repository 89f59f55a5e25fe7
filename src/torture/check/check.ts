import type { Call, CheckResult } from './call.ts';
import { HistoryError } from './history-error.ts';
import { judgeInTurn } from './in-turn.ts';
import type { ModelSpec } from './machine.ts';
import { prefix, shrink } from './shrink.ts';
import { type Order, searchOrder } from './wgl.ts';

export interface CheckOptions {
  /** Longest time, in ms, after which what is not decided is unknown. Default 60,000. */
  readonly timeLimitMs?: number | undefined;
}

const TIME_LIMIT_MS = 60_000;

/** Time for one partition before the others had theirs: a fault elsewhere may be found at once. */
const FIRST_LOOK_MS = 2000;

/** Time to make a counterexample smaller, and for one attempt at it. */
const SHRINK_MS = 2000;
const ATTEMPT_MS = 200;

/**
 * Whether some order of the calls that respects real time explains every answer. The calls are
 * sorted by `begin`.
 * @throws HistoryError
 */
export function checkCalls(
  model: ModelSpec,
  calls: readonly Call[],
  options: CheckOptions = {},
): CheckResult {
  const limitMs = options.timeLimitMs ?? TIME_LIMIT_MS;
  const deadline = performance.now() + limitMs;
  const patience = { limitMs, firstLookMs: FIRST_LOOK_MS };
  const look = (part: Partition, until: number) => judge(model, part.calls, until);
  const worst = judgeInTurn(partitionsOf(model, calls), look, patience);
  if (worst === undefined || worst.found.kind === 'legal') return { ...NOTHING, verdict: 'ok' };
  const { part, found } = worst;
  return found.kind === 'illegal' ? violation(model, part, found, deadline) : unknown(part, found);
}

/** Calls that touch each other. */
interface Partition {
  readonly key: string | undefined;
  readonly calls: readonly Call[];
}

const NOTHING = { reason: undefined, key: undefined, counterexample: [], explained: 0, calls: 0 };

function unknown(
  { key, calls }: Partition,
  { explained }: { readonly explained: number },
): CheckResult {
  const reason = `no answer within the limits of time and memory: the longest order found explains ${explained} of ${calls.length} calls`;
  return { ...NOTHING, verdict: 'unknown', reason, key, explained, calls: calls.length };
}

function partitionsOf(model: ModelSpec, calls: readonly Call[]): Partition[] {
  const groups = new Map<string | undefined, Call[]>();
  for (const call of calls) {
    assertKnown(model, call);
    if (!counts(model, call)) continue;
    const name = model.partition ? model.partition(call) : call.key;
    const group = groups.get(name);
    if (group) group.push(call);
    else groups.set(name, [call]);
  }
  return [...groups.values()]
    .map((group) => ({ key: group[0]?.key, calls: group }))
    .sort((a, b) => a.calls.length - b.calls.length);
}

function assertKnown(model: ModelSpec, call: Call): void {
  if (!model.operations.includes(call.f)) {
    const known = model.operations.join(', ');
    throw new HistoryError(
      call.begin,
      `model ${model.name} has no operation '${call.f}', only ${known}`,
    );
  }
  const complaint = model.complaint?.(call);
  if (complaint !== undefined) throw new HistoryError(call.begin, complaint);
}

/** What failed did not happen, and a look whose answer nobody saw says nothing. */
function counts(model: ModelSpec, call: Call): boolean {
  if (call.outcome === 'fail') return model.answersByFailing?.(call) ?? false;
  return call.outcome === 'ok' || !model.observations.includes(call.f);
}

type Judgement =
  | { readonly kind: 'legal' }
  | { readonly kind: 'exhausted'; readonly explained: number }
  | {
      readonly kind: 'illegal';
      readonly reason: string | undefined;
      /** Calls that are illegal by themselves, where the judge names them. */
      readonly evidence: readonly Call[] | undefined;
      readonly order: Order | undefined;
    };

function judge(model: ModelSpec, calls: readonly Call[], deadline: number): Judgement {
  const quick = model.shortcut?.(calls);
  if (quick?.isLegal) return { kind: 'legal' };
  if (quick)
    return { kind: 'illegal', reason: quick.reason, evidence: quick.calls, order: undefined };
  const machine = model.machine(calls);
  const order = searchOrder(calls, machine, { deadline });
  if (order.kind === 'exhausted') return { kind: 'exhausted', explained: order.explained };
  if (order.kind === 'legal') return { kind: 'legal' };
  // A collision of hashes can hide an order; two searches do not share one.
  const again = searchOrder(calls, machine, { deadline, salt: 1 });
  if (again.kind === 'legal') return { kind: 'legal' };
  if (again.kind === 'exhausted') return { kind: 'exhausted', explained: again.explained };
  return { kind: 'illegal', reason: undefined, evidence: undefined, order };
}

function violation(
  model: ModelSpec,
  group: Partition,
  found: Judgement & { readonly kind: 'illegal' },
  deadline: number,
): CheckResult {
  const isIllegal = (calls: readonly Call[]) =>
    judge(model, calls, performance.now() + ATTEMPT_MS).kind === 'illegal';
  const stuckAt = found.order?.stuck?.end;
  const early = stuckAt === undefined ? group.calls : prefix(group.calls, stuckAt);
  const sorted = found.evidence?.toSorted((a, b) => a.begin - b.begin);
  const smaller = [sorted, early].find((calls) => calls && isIllegal(calls));
  const counterexample = shrink(smaller ?? group.calls, {
    isIllegal,
    removable: (calls) => [...observationsOf(model, calls), ...model.removable(calls)],
    deadline: Math.min(performance.now() + SHRINK_MS, Math.max(deadline, performance.now() + 500)),
  });
  return {
    verdict: 'violation',
    reason: found.reason ?? reasonOf(model, counterexample),
    key: group.key,
    counterexample: counterexample.toSorted((a, b) => a.begin - b.begin),
    explained: found.order?.explained ?? 0,
    calls: group.calls.length,
  };
}

function observationsOf(model: ModelSpec, calls: readonly Call[]): readonly (readonly Call[])[] {
  return calls.filter(({ f }) => model.observations.includes(f)).map((call) => [call]);
}

/** Of the counterexample, which shows it best. */
function reasonOf(model: ModelSpec, calls: readonly Call[]): string {
  const deadline = performance.now() + ATTEMPT_MS;
  const { stuck, explained } = searchOrder(calls, model.machine(calls), { deadline });
  if (stuck === undefined) return 'no order of these calls explains what they answered';
  return `no order explains ${callText(stuck)}: the longest that respects real time explains ${explained} of these ${calls.length} calls, and this is not among them`;
}

/** A call in a sentence: `read → 3 (process 2, line 17)`. */
export function callText({ f, input, output, outcome, process, begin }: Call): string {
  const asked = input === null || input === undefined ? '' : ` ${JSON.stringify(input)}`;
  const said = outcome === 'ok' && output !== undefined ? ` → ${JSON.stringify(output)}` : '';
  const how = outcome === 'ok' ? '' : ` (${outcome})`;
  return `${f}${asked}${said}${how} of process ${process} (line ${begin})`;
}
