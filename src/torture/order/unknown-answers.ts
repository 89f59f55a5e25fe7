import type { Operation } from '../declare/operation.ts';
import { ValueInterner } from './value-interner.ts';

/** Values of a history that answers are guessed from, and parts of a state that are looked at. */
const POOL_MAX = 200;
const PARTS_MAX = 24;
const NUMBERS_MAX = 12;
const TEXTS_MAX = 6;
const TEMPLATES_MAX = 3;

/** What the answers of operations of one name look like. */
interface Kind {
  /** Values of the history that may be answers. */
  readonly known: readonly unknown[];
  /** Of which shapes answers are; without any, of all. */
  readonly shapes: ReadonlySet<string>;
  /** Objects that were answered: an unknown answer has the same fields. */
  readonly templates: readonly object[];
  readonly isTacit: boolean;
}

/** What any operation may answer; undefined is how a `spec` is asked when nobody knows. */
export const SHORT_ANSWERS: readonly unknown[] = [undefined, null, true, false];

/** Shapes of answers that tell nothing of the state but yes or no. */
const TACIT: ReadonlySet<string> = new Set(['undefined', 'null', 'boolean']);

/**
 * What an operation may have answered of which only the question is known. A `spec` is a black box,
 * so that is a guess, but a good one: what operations of that name did answer, every value that the
 * history shows, and what lies near the state, such as its parts, the next number, or a sum.
 */
export class UnknownAnswers {
  readonly #kinds = new Map<string, Kind>();
  readonly #pool: readonly unknown[];

  constructor(operations: readonly Operation[]) {
    const seen = new Distinct();
    for (const { input, output } of operations) {
      for (const part of partsOf([input, output], 3)) if (seen.size < POOL_MAX) seen.add(part);
    }
    this.#pool = seen.values;
    for (const [f, same] of Map.groupBy(operations, (one) => one.f)) {
      this.#kinds.set(f, this.#kindOf(same));
    }
  }

  /** Whether such operations were only ever seen to give short answers. */
  isTacit(f: string): boolean {
    return this.#kinds.get(f)?.isTacit ?? false;
  }

  /** Beside the short ones. */
  of({ f, input }: Pick<Operation, 'f' | 'input'>, state: unknown): readonly unknown[] {
    const kind = this.#kinds.get(f);
    if (kind === undefined) return [];
    const near = nearby(state, input);
    const fitting = near.filter((one) => fits(kind.shapes, one));
    const filled = kind.templates.flatMap((template) => filledIn(template, near));
    return [...kind.known, ...fitting, ...filled];
  }

  #kindOf(operations: readonly Operation[]): Kind {
    const known = new Distinct();
    for (const { outcome, output } of operations) if (outcome === 'ok') known.add(output);
    const seen = new Set(known.values.map(shapeOf));
    const isTacit = seen.size > 0 && seen.isSubsetOf(TACIT);
    // Who was only ever told "nothing there" might have been told anything.
    const shapes = isTacit ? new Set<string>() : seen;
    for (const one of this.#pool) if (fits(shapes, one)) known.add(one);
    const templates = known.values.filter(isRecord).slice(-TEMPLATES_MAX);
    return { known: known.values, shapes, templates, isTacit };
  }
}

function shapeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function fits(shapes: ReadonlySet<string>, value: unknown): boolean {
  return shapes.size === 0 || shapes.has(shapeOf(value));
}

/** Values that an answer is often made of. */
function nearby(state: unknown, input: unknown): unknown[] {
  const asked = [...partsOf(input, 2)].slice(0, PARTS_MAX);
  const found = [...addressed(state, asked), ...partsOf(state, 2)].slice(0, PARTS_MAX);
  const sizes = found.filter((one) => Array.isArray(one)).map((one) => one.length);
  const numbers = [...found.filter(isNumber), ...sizes].slice(0, NUMBERS_MAX);
  const steps = [1, ...asked.filter(isNumber)].slice(0, NUMBERS_MAX);
  const texts = found.filter(isText).slice(0, TEXTS_MAX);
  const more = asked.filter(isText).slice(0, TEXTS_MAX);
  return [
    ...found,
    ...numbers,
    ...numbers.flatMap((n) => steps.flatMap((step) => [n + step, n - step, n * step])),
    ...texts.flatMap((text) => more.flatMap((one) => [text + one, one + text])),
  ];
}

/** What stands in the state where the input points to. */
function addressed(state: unknown, asked: readonly unknown[]): unknown[] {
  if (typeof state !== 'object' || state === null) return [];
  const keys = asked.filter((one) => isText(one) || isNumber(one)).map(String);
  const entries = new Map(Object.entries(state));
  return keys.flatMap((key) => (entries.has(key) ? [...partsOf(entries.get(key), 2)] : []));
}

/** The template with one of its fields, or all that are numbers, filled in. */
function filledIn(template: object, values: readonly unknown[]): object[] {
  const numbers = values.filter(isNumber);
  return Object.entries(template).flatMap(([field, was]) =>
    (isNumber(was) ? numbers : isText(was) ? values.filter(isText) : []).map((value) => ({
      ...template,
      [field]: value,
    })),
  );
}

/** A value and what it is made of. */
function* partsOf(value: unknown, depth: number): Generator<unknown> {
  yield value;
  if (depth === 0 || typeof value !== 'object' || value === null) return;
  for (const part of Object.values(value)) yield* partsOf(part, depth - 1);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Values, equal ones once. */
class Distinct {
  readonly values: unknown[] = [];
  readonly #interner = new ValueInterner();

  get size(): number {
    return this.values.length;
  }

  add(value: unknown): void {
    if (this.#interner.of(value) === this.values.length) this.values.push(value);
  }
}
