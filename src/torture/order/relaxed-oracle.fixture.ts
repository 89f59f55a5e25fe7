import fc from 'fast-check';
import { canonicalJson } from '../check/intern.ts';
import type { Operation } from '../declare/operation.ts';
import type { Sample } from './samples.fixture.ts';

/**
 * Whether the strict operations can be, with the others absent or present at any time after their
 * invocation: tries everything. `answersOf` says what one of the others may have answered.
 */
export function canBe(
  { declared }: Sample,
  operations: readonly Operation[],
  strict: ReadonlySet<Operation>,
  answersOf: (operation: Operation) => readonly unknown[],
): boolean {
  const seen = new Set<string>();
  const statesAfter = (state: unknown, { f, input }: Operation, output: unknown): unknown[] => {
    const found: unknown = declared.ops[f]?.spec?.(state, input, output);
    if (found === true) return [state];
    if (typeof found !== 'object' || found === null) return found === false ? [] : [found];
    if ('illegal' in found) return [];
    return 'oneOf' in found && Array.isArray(found.oneOf) ? found.oneOf : [found];
  };
  const search = (left: readonly Operation[], state: unknown): boolean => {
    const limit = Math.min(
      ...left.filter((one) => strict.has(one)).map(({ returnedAt }) => Number(returnedAt)),
    );
    if (limit === Number.POSITIVE_INFINITY) return true;
    const mark = `${left.map((one) => operations.indexOf(one)).join()} ${canonicalJson(state)}`;
    if (seen.has(mark)) return false;
    seen.add(mark);
    return left
      .filter(({ invokedAt }) => invokedAt <= limit)
      .some((one) => {
        const rest = left.filter((other) => other !== one);
        const outputs = strict.has(one) ? [one.output] : answersOf(one);
        return outputs
          .flatMap((output) => statesAfter(state, one, output))
          .some((next) => search(rest, next));
      });
  };
  return search(operations, declared.model?.init);
}

/** Histories of a few clients that tell the truth, but for a lie here and there. */
export function historiesOf(sample: Sample, openness = 0): fc.Arbitrary<readonly Operation[]> {
  const drawn = fc.record({
    process: fc.nat(2),
    question: fc.nat(sample.questions.length - 1),
    gap: fc.nat(6),
    length: fc.integer({ min: 1, max: 12 }),
    /** Where in its time it happens. */
    point: fc.nat(100),
    lie: fc.option(fc.nat(20), { freq: 3 }),
    isOpen: fc.nat(99).map((percent) => percent < openness),
  });
  return fc.array(drawn, { minLength: 2, maxLength: 7 }).map((list) => {
    const ends = [0, 0, 0];
    const placed = list.map(({ process, gap, length, ...one }) => {
      const begin = (ends[process] ?? 0) + gap + 1;
      ends[process] = begin + length;
      return { ...one, process, begin, end: begin + length };
    });
    let state: unknown = sample.declared.model?.init;
    const answers = new Map<object, unknown>();
    const momentOf = ({ begin, end, point }: (typeof placed)[number]) =>
      begin + ((end - begin) * point) / 100;
    for (const one of placed.toSorted((a, b) => momentOf(a) - momentOf(b))) {
      const { f, input } = sample.questions[one.question] ?? { f: '', input: null };
      const spec = sample.declared.ops[f]?.spec;
      const known = sample.answers[f] ?? [];
      const steps = known.map((output) => ({ output, next: spec?.(state, input, output) }));
      const legal = steps.filter(({ next }) => next !== false && !isReason(next));
      const { output, next } = legal[one.point % Math.max(1, legal.length)] ?? { output: known[0] };
      answers.set(one, one.lie === null ? output : known[one.lie % known.length]);
      if (next !== undefined && next !== true) state = isChoice(next) ? next.oneOf[0] : next;
    }
    return placed
      .map((one): Operation => {
        const { f = '', input } = sample.questions[one.question] ?? {};
        const outcome = one.isOpen ? 'info' : 'ok';
        return {
          ...{ process: one.process, phase: 'run', round: 0, f, input, outcome },
          output: one.isOpen ? undefined : answers.get(one),
          invokedAt: one.begin,
          returnedAt: one.end,
        };
      })
      .sort((a, b) => a.invokedAt - b.invokedAt);
  });
}

function isReason(step: unknown): boolean {
  return typeof step === 'object' && step !== null && 'illegal' in step;
}

function isChoice(step: unknown): step is { oneOf: readonly unknown[] } {
  return typeof step === 'object' && step !== null && 'oneOf' in step;
}
