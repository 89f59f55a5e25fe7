import { cut, oneLine } from './printable.ts';
import type { FaultReport, LeakReport, Schedules } from './report.ts';

/** `12.3` of milliseconds, with as many digits as say something. */
export function millis(ms: number): string {
  if (ms >= 100) return ms.toFixed(0);
  return ms.toFixed(ms >= 10 ? 1 : 2);
}

export function percent(fraction: number): string {
  // Rounded down: 100 % means every single one.
  return `${Math.floor(fraction * 100)} %`;
}

/** How much of what could happen was tried. */
export function schedulesText({ tried, isExhaustive, points }: Schedules): string {
  const all = isExhaustive ? 'every one within the bounds' : 'a part of those there are';
  const what = tried === 1 ? '1 schedule' : `${tried.toLocaleString('en')} schedules`;
  return `${what} of at most ${points} steps, ${all}`;
}

/** One fault on a line: what was armed, and what it hit. */
export function faultText({ fault, armed, hit, skipped }: FaultReport): string {
  if (skipped !== undefined)
    return `${oneLine(cut(fault, 40))}: not done: ${oneLine(cut(skipped, 200))}`;
  return `${oneLine(cut(fault, 40))}: ${armed} armed, ${hit} hit something`;
}

/** What grows, and how fast. */
export function leakText({ what, perCycle, low, high, names }: LeakReport): string {
  const [left] = names;
  const named = left === undefined ? '' : `, as ${oneLine(cut(left, 120))}`;
  return `${what}: ${amount(what, perCycle)} a cycle (95 %: ${amount(what, low)} to ${amount(what, high)})${named}`;
}

/** A growth with its sign, and with a unit where it is of memory. */
export function amount(what: LeakReport['what'], count: number): string {
  const sign = count < 0 ? '−' : '+';
  const size = Math.abs(count);
  if (what !== 'memory') return `${sign}${size.toFixed(2)}`;
  if (size >= 2 ** 20) return `${sign}${(size / 2 ** 20).toFixed(1)} MiB`;
  return size >= 2 ** 10
    ? `${sign}${(size / 2 ** 10).toFixed(1)} KiB`
    : `${sign}${size.toFixed(0)} B`;
}

/** The command that shows a counterexample again. */
export function tokenCommand(token: string): string {
  return `holdfast torture replay ${token}`;
}
