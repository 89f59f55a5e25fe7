import type { AnyDeclared, Illegal } from './declaration.ts';
import type { Operation } from './operation.ts';

/** `exhausted` and `uncertain` mean that nobody knows. */
export interface OrderVerdict {
  readonly kind: 'legal' | 'illegal' | 'exhausted' | 'uncertain';
  readonly partition: string;
  /** As many operations as any order could explain, and those at which each such order fails. */
  readonly explained: number;
  readonly stuck: readonly Operation[];
  readonly reason: string | undefined;
}

/** Steps of the search after which it gives up; about a second. */
const STEPS_MAX = 500_000;

/**
 * Looks for an order of the operations that respects real time and that the model explains (Wing
 * and Gong's search with Lowe's memory of visited states), one partition at a time. A `fail` did
 * not happen. An `info` may be left out; where that alone cannot explain the rest, the answer is
 * `uncertain`. Answers the first partition that is not legal.
 */
export function checkLinearizable(
  declared: AnyDeclared,
  operations: readonly Operation[],
): OrderVerdict | undefined {
  const { partition } = declared.model ?? {};
  const groups = Map.groupBy(operations, ({ input }) => partition?.(input) ?? '');
  for (const [name, group] of groups) {
    const verdict = searchOrder(declared, name, group);
    if (verdict.kind !== 'legal') return verdict;
  }
  return undefined;
}

interface Frame {
  readonly state: unknown;
  /** Which operations may come next here, and how many of them have been tried. */
  readonly candidates: readonly number[];
  tried: number;
}

function searchOrder(
  declared: AnyDeclared,
  partition: string,
  group: readonly Operation[],
): OrderVerdict {
  const operations = group
    .filter((operation) => operation.outcome === 'ok')
    .toSorted((a, b) => a.invokedAt - b.invokedAt);
  const hasInfo = group.some((operation) => operation.outcome === 'info');
  const taken = new Uint8Array(operations.length);
  const order: number[] = [];
  const visited = new Set<string>();
  const best = { explained: 0, stuck: [] as readonly Operation[], reason: '' };
  const answer = (kind: OrderVerdict['kind']): OrderVerdict => ({ kind, partition, ...best });
  const frames: Frame[] = [{ state: declared.model?.init, ...opening(operations, taken) }];
  for (let steps = 0; frames.length > 0; steps += 1) {
    if (order.length === operations.length) return answer('legal');
    if (steps > STEPS_MAX) return answer('exhausted');
    const frame = frames[frames.length - 1] as Frame;
    const index = frame.candidates[frame.tried];
    if (index === undefined) {
      if (order.length >= best.explained) {
        best.explained = order.length;
        best.stuck = frame.candidates.map((one) => operations[one] as Operation);
      }
      frames.pop();
      const last = order.pop();
      if (last !== undefined) taken[last] = 0;
      continue;
    }
    frame.tried += 1;
    const { f, input, output } = operations[index] as Operation;
    const step: unknown = declared.ops[f]?.spec?.(frame.state, input, output);
    if (isIllegal(step)) best.reason = step.illegal;
    if (step === false || step === undefined || isIllegal(step)) continue;
    const state = step === true ? frame.state : step;
    taken[index] = 1;
    const seen = `${fingerprint(taken)}|${JSON.stringify(state)}`;
    if (visited.has(seen)) {
      taken[index] = 0;
      continue;
    }
    visited.add(seen);
    order.push(index);
    frames.push({ state, ...opening(operations, taken) });
  }
  return answer(hasInfo ? 'uncertain' : 'illegal');
}

/** The operations that may come next: none of the rest returned before they were invoked. */
function opening(operations: readonly Operation[], taken: Uint8Array): Omit<Frame, 'state'> {
  const candidates: number[] = [];
  let earliestReturn = Number.POSITIVE_INFINITY;
  for (const [index, operation] of operations.entries()) {
    if (operation.invokedAt > earliestReturn) break;
    if (taken[index] === 1) continue;
    candidates.push(index);
    earliestReturn = Math.min(earliestReturn, operation.returnedAt ?? Number.POSITIVE_INFINITY);
  }
  return { candidates, tried: 0 };
}

/** The set of taken operations: how many lead without a gap, then those behind the first gap. */
function fingerprint(taken: Uint8Array): string {
  const gap = taken.indexOf(0);
  if (gap < 0) return 'all';
  return `${gap}:${Buffer.from(taken.subarray(gap, taken.lastIndexOf(1) + 1)).toString('latin1')}`;
}

function isIllegal(step: unknown): step is Illegal {
  return typeof step === 'object' && step !== null && 'illegal' in step;
}
