import { wrongArgument } from '../../errors.ts';
import type { GroupMode, IterationMode, TaskKind } from './record.ts';

/** What all tasks of a plan may say. */
interface PlanOptions {
  /** What progress counts, as `rows`. */
  readonly unit?: string | undefined;
  /** How much the task counts within its parent, greater than 0. */
  readonly weight?: number | undefined;
  /** Threads or processes that it uses at most; that of its parent by default. */
  readonly concurrency?: number | undefined;
}

export interface LeafOptions extends PlanOptions {
  /** How much there is to do; unknown by default, and it may be said later. */
  readonly volume?: number | undefined;
}

export interface GroupOptions extends PlanOptions {
  /** Default `sequential`. */
  readonly mode?: GroupMode | undefined;
}

export interface IterativeOptions extends PlanOptions {
  /** Default `fixed`. */
  readonly mode?: IterationMode | undefined;
  /** Number of rounds, for `fixed` and `dynamic`. */
  readonly rounds?: number | undefined;
}

/** A task that is to be: made by `leaf`, `group` and `iterative`. */
export interface Plan {
  readonly kind: TaskKind;
  readonly name: string;
  readonly mode: GroupMode | IterationMode | null;
  readonly volume: number | null;
  readonly unit: string | null;
  readonly weight: number | null;
  readonly concurrency: number | null;
  readonly children: readonly Plan[];
  /** Of an iterative task: the children of one round, and how many rounds there are at the start. */
  readonly round: readonly Plan[];
  readonly rounds: number;
}

/** More would make one transaction of hundreds of milliseconds, in which nobody else writes. */
export const TASKS_MAX = 100_000;

/** Names are shown in one line. */
const NAME_MAX = 256;
const UNIT_MAX = 32;

/** A task with progress of its own. */
export function leaf(name: string, options: LeafOptions = {}): Plan {
  const volume = options.volume ?? null;
  if (volume !== null) assertAmount('volume', volume);
  return { ...common(name, options), kind: 'leaf', mode: null, volume, ...none };
}

/** A task that consists of others. */
export function group(name: string, children: readonly Plan[], options: GroupOptions = {}): Plan {
  const mode = options.mode ?? 'sequential';
  return { ...common(name, options), kind: 'group', mode, volume: null, ...none, children };
}

/** A task whose children `round` come again and again: exactly, at most, or any number of times. */
export function iterative(
  name: string,
  round: readonly Plan[],
  options: IterativeOptions = {},
): Plan {
  const { mode = 'fixed', rounds = 0 } = options;
  if (round.length === 0) throw wrongArgument('range', `${quoted(name)} has rounds of no tasks`);
  if (mode === 'open' ? rounds !== 0 : !Number.isSafeInteger(rounds) || rounds < 1) {
    const what = mode === 'open' ? 'an open one has no' : `a ${mode} one has 1 or more`;
    throw wrongArgument('range', `${quoted(name)}: ${what} rounds, not ${rounds}`);
  }
  const children = Array.from({ length: Math.min(rounds, TASKS_MAX) }, () => round).flat();
  const kind = 'iterative';
  return { ...common(name, options), kind, mode, volume: null, children, round, rounds };
}

/** How many tasks a plan makes. @throws RangeError for more than 100,000 */
export function countTasks(plans: readonly Plan[]): number {
  let count = 0;
  const open = [...plans];
  for (let plan = open.pop(); plan; plan = open.pop()) {
    count += 1;
    if (count + open.length + plan.children.length > TASKS_MAX) {
      throw wrongArgument('range', `a job has ${TASKS_MAX} tasks at most`);
    }
    for (const child of plan.children) open.push(child);
  }
  return count;
}

/** Every task of `plans` in the order in which they are made: parents before their children. */
export function* inOrder(plans: readonly Plan[]): Generator<Plan> {
  const open = plans.toReversed();
  for (let plan = open.pop(); plan; plan = open.pop()) {
    yield plan;
    open.push(...plan.children.toReversed());
  }
}

const none = { children: [], round: [], rounds: 0 } as const;

function common(name: string, options: PlanOptions) {
  assertName(name);
  const { unit = null, weight = null, concurrency = null } = options;
  if (unit !== null && (unit === '' || unit.length > UNIT_MAX || hasControl(unit))) {
    throw wrongArgument('range', `a unit has 1 to ${UNIT_MAX} characters, not ${quoted(unit)}`);
  }
  if (weight !== null && !(weight > 0 && weight < Number.MAX_SAFE_INTEGER)) {
    throw wrongArgument('range', `a weight is greater than 0, not ${weight}`);
  }
  if (concurrency !== null && !(Number.isSafeInteger(concurrency) && concurrency > 0)) {
    throw wrongArgument('range', `concurrency is a whole number from 1, not ${concurrency}`);
  }
  return { name, unit, weight, concurrency };
}

function assertName(name: string): void {
  if (typeof name !== 'string') throw wrongArgument('type', `a task's name is text, not ${name}`);
  if (name === '' || name.length > NAME_MAX || hasControl(name)) {
    throw wrongArgument(
      'range',
      `a task's name has 1 to ${NAME_MAX} characters and no control characters: ${quoted(name)}`,
    );
  }
}

/** @throws RangeError for what is no amount: negative, not finite, or beyond what doubles count exactly */
export function assertAmount(what: string, amount: number): void {
  if (amount >= 0 && amount <= Number.MAX_SAFE_INTEGER) return;
  throw wrongArgument('range', `${what} is a number from 0 to 2^53 - 1, not ${amount}`);
}

/** @throws RangeError for what is no whole number from 0 */
export function assertWhole(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw wrongArgument('range', `${what} is a whole number from 0, not ${count}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

function hasControl(text: string): boolean {
  return CONTROL.test(text);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, NAME_MAX));
}
