import type { Broken } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
import { isRefusal } from './refusal.ts';

/** What was done with the versions of one key. Each is made once and revoked once, in their order. */
export interface KeyHistory {
  /** Answers of which version is in use. */
  readonly latest: readonly Operation<null, number>[];
  /** Contents of versions, or why there are none. */
  readonly reveal: readonly Operation<number, string>[];
  /** Answers the version that was made. */
  readonly rotate: readonly Operation<null, number>[];
  readonly revoke: readonly Operation<number, void>[];
}

/** Versions of which two contents were read; of the first it is known. */
export function contradictions({ reveal }: KeyHistory, first: string): Broken[] {
  const known = new Map<number, string>([[1, first]]);
  const found: Broken[] = [];
  for (const one of contentsIn(reveal)) {
    const before = known.get(one.input) ?? one.output;
    known.set(one.input, before);
    if (one.output === before) continue;
    found.push({
      message: `version ${one.input} has two contents`,
      operations: [one],
    });
  }
  return found;
}

/** Versions that were read before anybody had begun to make them. */
export function readTooEarly({ latest, reveal, rotate }: KeyHistory): Broken[] {
  const makers = new Map(rotate.map((one) => [one.output, one]));
  const begunAt = (version: number) =>
    version === 1 ? 0 : (makers.get(version)?.invokedAt ?? Number.POSITIVE_INFINITY);
  const seen = [
    ...latest.map((one) => ({ one, version: one.output })),
    ...contentsIn(reveal).map((one) => ({ one, version: one.input })),
  ];
  return seen
    .filter(({ one, version }) => endOf(one) < begunAt(version))
    .map(({ one, version }) => ({
      message: `version ${version} was not there yet`,
      operations: [one],
    }));
}

/** Answers that were out of date when the question was asked. */
export function staleLatest({ latest, rotate }: KeyHistory): Broken[] {
  return latest.flatMap((one): Broken[] => {
    const newer = rotate.find(({ output, ...made }) => output > one.output && isBefore(made, one));
    if (newer === undefined) return [];
    const message = `version ${one.output} is said to be in use after ${newer.output} was made`;
    return [{ message, operations: [newer, one] }];
  });
}

/** Contents that were read of a version after it had been revoked. */
export function readTooLate({ reveal, revoke }: KeyHistory): Broken[] {
  return contentsIn(reveal).flatMap((one): Broken[] => {
    const end = revoke.find(
      ({ input, ...revoked }) => input === one.input && isBefore(revoked, one),
    );
    if (end === undefined) return [];
    return [
      { message: `version ${one.input} was read when it was revoked`, operations: [end, one] },
    ];
  });
}

/** Reads that were refused of a version that had been made, and that nobody had begun to revoke. */
export function notRead({ reveal, rotate, revoke }: KeyHistory): Broken[] {
  return reveal.flatMap((one): Broken[] => {
    if (!isRefusal(one.output)) return [];
    const made = rotate.find(({ output }) => output === one.input);
    const isMade = one.input === 1 || (made !== undefined && isBefore(made, one));
    const end = revoke.find(({ input }) => input === one.input);
    const isLeft = end === undefined || endOf(one) < end.invokedAt;
    if (!isMade || !isLeft) return [];
    const operations = made ? [made, one] : [one];
    return [{ message: `version ${one.input} is there, and the answer ${one.output}`, operations }];
  });
}

function contentsIn(reveal: KeyHistory['reveal']): KeyHistory['reveal'] {
  return reveal.filter(({ output }) => !isRefusal(output));
}

type Span = Pick<Operation, 'invokedAt' | 'returnedAt' | 'outcome'>;

function isBefore(a: Span, b: Span): boolean {
  return a.outcome === 'ok' && endOf(a) < b.invokedAt;
}

function endOf({ returnedAt }: Pick<Operation, 'returnedAt'>): number {
  return returnedAt ?? Number.POSITIVE_INFINITY;
}
