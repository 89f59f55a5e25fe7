import { constants } from 'node:os';
import { wrongArgument } from '../../errors.ts';

/** What is done to system calls of the kernel, in all code of a process: native addons too. */
export interface Injection {
  /** Names as the kernel of this machine has them, such as `fsync` or `pwrite64`. */
  readonly calls: readonly string[];
  readonly action: InjectedAction;
  /** Each name is counted on its own, in each thread on its own. */
  readonly when: When;
  /**
   * Only calls on exactly these files count. Without it a fault in `write` or `openat` meets Node's
   * own pipes and modules as well, which do not survive it.
   */
  readonly paths?: readonly string[] | undefined;
}

/**
 * `error`: the call is not made and fails with that code. `signal`: comes when the call begins; one
 * that kills does so before the call is made. `delayMs`: the call begins later.
 */
export type InjectedAction =
  | { readonly error: string }
  | { readonly signal: NodeJS.Signals }
  | { readonly delayMs: number };

/** The call number `first`, counted from 1; with `step` every so many more, up to `last`. */
export interface When {
  readonly first: number;
  readonly last?: number | undefined;
  readonly step?: number | undefined;
}

/** strace keeps these in 16 bits. */
const NUMBER_MAX = 65_535;

const DELAY_MS_MAX = 60_000;

/** @throws RangeError */
export function assertInjection(injection: Injection): void {
  const { calls, action, when, paths } = injection;
  if (calls.length === 0) throw wrong('none is named');
  for (const call of calls) {
    if (!/^[a-z_][a-z0-9_]{0,40}$/.test(call)) throw wrong(`no system call is named '${call}'`);
  }
  assertAction(action);
  assertWhen(when);
  for (const path of paths ?? []) {
    if (path === '' || path.includes('\0')) throw wrong('paths: an empty path, or one with a zero');
  }
}

function assertAction(action: InjectedAction): void {
  if ('error' in action) {
    const known = Object.keys(constants.errno);
    if (!known.includes(action.error)) throw wrong(`no error is named '${action.error}'`);
  } else if ('signal' in action) {
    const known = Object.keys(constants.signals);
    if (!known.includes(action.signal)) throw wrong(`no signal is named '${action.signal}'`);
  } else if (!isInteger(action.delayMs, DELAY_MS_MAX)) {
    throw wrong(`a delay must be from 1 to ${DELAY_MS_MAX} ms, not ${action.delayMs}`);
  }
}

function assertWhen({ first, last, step }: When): void {
  for (const number of [first, last ?? first, step ?? 1]) {
    if (!isInteger(number, NUMBER_MAX - 1)) {
      throw wrong(`when: calls are numbered from 1 to ${NUMBER_MAX - 1}, not ${number}`);
    }
  }
  if (last !== undefined && last < first) throw wrong(`when: ${last} comes before ${first}`);
}

function isInteger(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= most;
}

/** As strace has it: `3`, `3+`, `3+2`, `3..7`, `3..7+2`. */
export function whenText({ first, last, step }: When): string {
  const range = last === undefined ? `${first}` : `${first}..${last}`;
  if (step === undefined) return range;
  return step === 1 ? `${range}+` : `${range}+${step}`;
}

/** The inverse of `whenText`; undefined when it is none. */
export function parseWhen(text: string): When | undefined {
  const found = /^(\d{1,5})(?:\.\.(\d{1,5}))?(\+(\d{1,5})?)?$/.exec(text);
  if (!found) return undefined;
  const [, first, last, plus, step = '1'] = found;
  return {
    first: Number(first),
    ...(last === undefined ? {} : { last: Number(last) }),
    ...(plus === undefined ? {} : { step: Number(step) }),
  };
}

function wrong(message: string): Error {
  return wrongArgument('range', `system calls: ${message}`);
}
