import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { valueText } from '../report/printable.ts';
import { reasonIn } from './meaning.ts';
import { ValueInterner } from './value-interner.ts';

/** What is known of operations that cannot all be. */
export interface Impossible {
  /** In order of their beginning. */
  readonly operations: readonly Operation[];
  /** The order that explains most of them, as places among them. */
  readonly order: readonly number[];
  /** The one that this order cannot reach. */
  readonly stuck: Operation | undefined;
  /** A state in which it ends. */
  readonly state: unknown;
  /** How many more have to be as they were seen. */
  readonly beside: number;
}

/** Hardly an operation of a real store is over sooner; one that is was measured in steps. */
const NANOSECONDS_MIN = 1000;

/** Of one value in a sentence. */
const VALUE_MAX = 60;

/** Which of the operations cannot be, and why. */
export function sentenceFor(declared: AnyDeclared, impossible: Impossible): string {
  const { beside } = impossible;
  const sentence = faultText(declared, impossible);
  return beside === 0 ? sentence : `${sentence} (given what ${besideText(beside)} answered)`;
}

function faultText(declared: AnyDeclared, impossible: Impossible): string {
  const { operations, stuck, state } = impossible;
  const [first, second] = operations;
  if (operations.length === 2 && first && second && isSameAnswer(first, second)) {
    return twiceText(first, second);
  }
  if (stuck === undefined) return 'no order of these operations explains what they answered';
  const reason = reasonIn(declared, [state], stuck);
  const why = reason === undefined ? '' : `: ${reason}`;
  if (operations.length === 1) return `${callText(stuck)} cannot be${why}`;
  return `no order explains ${callText(stuck)}${afterText(impossible, stuck)}${why}`;
}

function besideText(count: number): string {
  return count === 1 ? '1 other operation' : `${count} other operations`;
}

/** A yes or a no may well be answered twice. */
function isSameAnswer(a: Operation, b: Operation): boolean {
  const { output } = a;
  const saysNothing = output === undefined || output === null || typeof output === 'boolean';
  const answers = new ValueInterner();
  return !saysNothing && a.f === b.f && answers.of(output) === answers.of(b.output);
}

function twiceText(a: Operation, b: Operation): string {
  const answer = valueText(a.output, VALUE_MAX);
  if (a.process === b.process) return `client ${a.process} was given ${answer} twice by ${a.f}`;
  const [first, second] = [a.process, b.process].sort((x, y) => x - y);
  return `client ${first} and client ${second} were both given ${answer} by ${a.f}`;
}

/** What it has to come after: the latest that was over before it began. */
function afterText({ operations }: Impossible, stuck: Operation): string {
  const before = operations
    .filter((one) => (one.returnedAt ?? stuck.invokedAt) < stuck.invokedAt)
    .sort((a, b) => (b.returnedAt ?? 0) - (a.returnedAt ?? 0));
  const [latest] = before;
  if (latest?.returnedAt === undefined) return '';
  const gap = stuck.invokedAt - latest.returnedAt;
  const when = isTimed(latest) ? `done ${durationText(gap)} before` : 'done before';
  return `, after ${askedText(latest)} of client ${latest.process} (${when} it began)`;
}

/** `add 1 → 5 of client 1 (12.10–13.40 ms)`. */
function callText(operation: Operation): string {
  const { process, output, invokedAt, returnedAt } = operation;
  const answer =
    output === undefined || output === null ? '' : ` → ${valueText(output, VALUE_MAX)}`;
  const end = returnedAt === undefined ? '' : millis(returnedAt);
  const when = isTimed(operation) ? ` (${millis(invokedAt)}–${end} ms)` : '';
  return `${askedText(operation)}${answer} of client ${process}${when}`;
}

/** Where the rig decides what happens when, times are the numbers of steps. */
function isTimed({ invokedAt, returnedAt = Number.POSITIVE_INFINITY }: Operation): boolean {
  return returnedAt - invokedAt >= NANOSECONDS_MIN;
}

function askedText({ f, input }: Operation): string {
  return input === undefined || input === null ? f : `${f} ${valueText(input, VALUE_MAX)}`;
}

function millis(nanoseconds: number): string {
  return (nanoseconds / 1e6).toFixed(2);
}

function durationText(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${Math.round(nanoseconds)} ns`;
  return nanoseconds < 1e6
    ? `${(nanoseconds / 1e3).toFixed(1)} µs`
    : `${(nanoseconds / 1e6).toFixed(1)} ms`;
}
