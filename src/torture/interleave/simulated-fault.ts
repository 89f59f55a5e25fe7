import type { CallError } from '../faults/fault.ts';

/** What goes wrong in one schedule, and when. */
export type SimulatedFault =
  /** kill -9 of one client, after so many steps. */
  | { readonly kind: 'kill'; readonly client: number; readonly at: number }
  /** Everybody is gone after so many steps, and what was not synced may be lost. */
  | { readonly kind: 'power-loss'; readonly at: number; readonly limit: number }
  /** The Nth call of the file system that can fail in this way does. */
  | {
      readonly kind: 'fail-calls';
      readonly error: CallError;
      readonly nth: number;
      readonly persistent: boolean;
    };

/** The same fault at another moment. */
export function movedTo(fault: SimulatedFault, moment: number): SimulatedFault {
  return fault.kind === 'fail-calls' ? { ...fault, nth: moment + 1 } : { ...fault, at: moment };
}

export function simulatedFaultText(fault: SimulatedFault): string {
  if (fault.kind === 'kill') return `client ${fault.client} is killed after step ${fault.at}`;
  if (fault.kind === 'power-loss') return `the power fails after step ${fault.at}`;
  const later = fault.persistent ? ', and so do all later ones' : '';
  return `call ${fault.nth} of those that can fail with ${fault.error} does${later}`;
}
