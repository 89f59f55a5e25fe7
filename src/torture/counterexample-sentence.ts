import { canonicalJson } from './check/intern.ts';
import type { AnyDeclared } from './declaration.ts';
import { reasonIn } from './meaning.ts';
import type { Operation } from './operation.ts';
import { valueText } from './printable.ts';

/** What is known of operations that cannot all be. */
export interface Impossible {
  /** In order of their beginning. */
  readonly operations: readonly Operation[];
  /** The order that explains most of them, as places among them. */
  readonly order: readonly number[];
  /** The one that this order cannot reach. */
  readonly stuck: Operation | undefined;
  /** States in which it may end. */
  readonly states: readonly unknown[];
}

/** Of one value in a sentence. */
const VALUE_MAX = 60;

/** Which of the operations cannot be, and why. */
export function sentenceFor(declared: AnyDeclared, impossible: Impossible): string {
  const { operations, stuck, states } = impossible;
  const [first, second] = operations;
  if (operations.length === 2 && first && second && isSameAnswer(first, second)) {
    return twiceText(first, second);
  }
  if (stuck === undefined) return 'no order of these operations explains what they answered';
  const reason = reasonIn(declared, states, stuck);
  const why = reason === undefined ? '' : `: ${reason}`;
  if (operations.length === 1) return `${callText(stuck)} cannot be${why}`;
  return `no order explains ${callText(stuck)}${afterText(impossible, stuck)}${why}`;
}

/** A yes or a no may well be answered twice. */
function isSameAnswer(a: Operation, b: Operation): boolean {
  const { output } = a;
  const saysNothing = output === undefined || output === null || typeof output === 'boolean';
  return !saysNothing && a.f === b.f && canonicalJson(output) === canonicalJson(b.output);
}

function twiceText(a: Operation, b: Operation): string {
  const answer = valueText(a.output, VALUE_MAX);
  if (a.process === b.process) return `client ${a.process} was given ${answer} twice by ${a.f}`;
  return `client ${a.process} and client ${b.process} were both given ${answer} by ${a.f}`;
}

/** What it has to come after: the latest that was over before it began. */
function afterText({ operations }: Impossible, stuck: Operation): string {
  const before = operations
    .filter((one) => (one.returnedAt ?? stuck.invokedAt) < stuck.invokedAt)
    .sort((a, b) => (b.returnedAt ?? 0) - (a.returnedAt ?? 0));
  const [latest] = before;
  if (latest?.returnedAt === undefined) return '';
  const gap = durationText(stuck.invokedAt - latest.returnedAt);
  return `, after ${askedText(latest)} of client ${latest.process} (done ${gap} before it began)`;
}

/** `add 1 → 5 of client 1 (12.1–13.4 ms)`. */
function callText(operation: Operation): string {
  const { process, output, invokedAt, returnedAt } = operation;
  const answer =
    output === undefined || output === null ? '' : ` → ${valueText(output, VALUE_MAX)}`;
  const end = returnedAt === undefined ? '' : millis(returnedAt);
  return `${askedText(operation)}${answer} of client ${process} (${millis(invokedAt)}–${end} ms)`;
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
