import type { Call } from './call.ts';
import type { Shortcut } from './shortcut.ts';

/** A state as a number: equal states are one number. */
export type StateId = number;

/** What `step` answers when a result cannot be. */
export const NONE = -1;

/**
 * A sequential object, prepared for the calls of one partition: a search makes millions of steps,
 * so states are numbers and calls are told by their index.
 */
export interface Machine {
  readonly init: StateId;
  /** The state after call `index`, or the states it may lead to, or NONE. */
  step(state: StateId, index: number): StateId | readonly StateId[];
  /**
   * Whether taking call `index` in this state, in which it is legal, loses nothing: if any order
   * leads on from here, one does that takes it first. That is so of calls that only look. Writing
   * what happens to be there already is another matter: it may be needed later.
   */
  isFree(state: StateId, index: number): boolean;
  /** Whether it makes a difference which process calls. */
  readonly tellsProcesses?: boolean | undefined;
}

/** What is known of a kind of object, for any history of it. */
export interface ModelSpec {
  readonly name: string;
  readonly operations: readonly string[];
  /** Operations that change nothing: one whose answer nobody saw says nothing. */
  readonly observations: readonly string[];
  /** Whether a `fail` of this operation is an answer; elsewhere it did not happen. */
  readonly answersByFailing?: ((call: Call) => boolean) | undefined;
  /** Calls with different answers do not touch each other; the key by default. */
  readonly partition?: ((call: Call) => string) | undefined;
  /** What is wrong with the values of a call. */
  readonly complaint?: ((call: Call) => string | undefined) | undefined;
  /** A machine for calls of one partition. */
  readonly machine: (calls: readonly Call[]) => Machine;
  /** A faster judge; undefined where it cannot judge these calls. */
  readonly shortcut?: ((calls: readonly Call[]) => Shortcut | undefined) | undefined;
  /**
   * Calls that may be left out together: what is left of a legal history is legal, so that what is
   * illegal without them was illegal with them. Besides observations, which may always be left out.
   */
  readonly removable: (calls: readonly Call[]) => readonly (readonly Call[])[];
}
