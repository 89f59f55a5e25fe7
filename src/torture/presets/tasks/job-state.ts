import { illegal, oneOf, type Step } from '../../declare/declaration.ts';
import { isActive } from './checks.ts';

/** What becomes of one id, and whose handles of it are good for what. */
export interface JobState {
  /** `none` where there is no job. */
  readonly status: string;
  readonly generation: number;
  /** Progress that was counted, and that somebody has seen: what is shown is in between. */
  readonly counted: number;
  readonly seen: number;
  /** The client that has registered it; null where that is gone. */
  readonly owner: number | null;
  /** Clients whose jobs of this id were removed or replaced, in their order. */
  readonly detached: readonly number[];
}

/** What is asked for, by whom. */
export interface Wish {
  readonly job: string;
  readonly client: number;
  /** To take the place of an active job, or to remove it. */
  readonly force: boolean;
  readonly amount: number;
  /** Whether processes are killed: their jobs are `lost` from some moment on. */
  readonly mayDie: boolean;
}

/** What is seen of a job. */
export interface Sight {
  readonly generation: number;
  readonly status: string;
  readonly progress: number;
}

export type Answer = string | number | boolean | Sight;

/** What a store must answer, and what it has then. */
export interface Move {
  readonly answer: Answer;
  readonly next: JobState;
}

export type Act = (state: JobState, wish: Wish) => Move;

export const nothing: JobState = {
  status: 'none',
  generation: 0,
  counted: 0,
  seen: 0,
  owner: null,
  detached: [],
};

export function registered(state: JobState, { client, force }: Wish): Move {
  if (isActive(state.status) && !force) return { answer: 'CONFLICT', next: state };
  const generation = state.generation + 1;
  const detached = leave(state).filter((one) => one !== client);
  const next = { ...nothing, status: 'pending', generation, owner: client, detached };
  return { answer: generation, next };
}

export function started(state: JobState, wish: Wish): Move {
  return byOwner(state, wish, (one) =>
    one.status === 'pending' ? { ...one, status: 'running' } : undefined,
  );
}

/** Counts only if the client knows the job as running, and for nobody where it is that no more. */
export function advanced(state: JobState, { client, amount }: Wish): Move {
  const isCounted = state.owner === client && state.status === 'running';
  if (!isCounted) return { answer: 'idle', next: state };
  return { answer: 'ok', next: { ...state, counted: state.counted + amount } };
}

export function finished(state: JobState, wish: Wish): Move {
  return byOwner(state, wish, (one) =>
    one.status === 'running' ? ended(one, 'finished', wish.amount) : undefined,
  );
}

export function failed(state: JobState, wish: Wish): Move {
  return byOwner(state, wish, (one) =>
    isActive(one.status) ? ended(one, 'failed', 0) : undefined,
  );
}

export function canceled(state: JobState, wish: Wish): Move {
  return byOwner(state, wish, (one) =>
    isActive(one.status) ? ended(one, 'canceled', 0) : undefined,
  );
}

export function removed(state: JobState, { force }: Wish): Move {
  if (state.status === 'none') return { answer: false, next: state };
  if (isActive(state.status) && !force) return { answer: 'CONFLICT', next: state };
  return { answer: true, next: { ...nothing, detached: leave(state) } };
}

export function cancelRequested(state: JobState): Move {
  return { answer: isActive(state.status), next: state };
}

/** What may have come of a call, in one of the orders that there may have been. */
export function stepOf(
  act: Act,
  state: JobState,
  wish: Wish,
  given: Answer | undefined,
): Step<JobState> {
  const moves = possible(state, wish).map((one) => act(one, wish));
  const fitting = moves.filter(({ answer }) => given === undefined || answer === given);
  if (fitting.length > 0) return oneOf(...fitting.map(({ next }) => next));
  const others = moves.map(({ answer }) => answer);
  return illegal(`${wish.job}: the answer is ${given} where it must be ${others.join(' or ')}`);
}

/** What is seen is what there is: of progress that is not yet over, something that was counted. */
export function sightOf(state: JobState, wish: Wish, given: Sight | undefined): Step<JobState> {
  if (given === undefined) return true;
  const fitting = possible(state, wish).filter(({ status, generation, counted, seen }) => {
    const isThis = given.status === status && given.generation === generation;
    return isThis && given.progress >= seen && given.progress <= counted;
  });
  const told = given.progress;
  if (fitting.length > 0) {
    // What is lost shows the same for ever.
    return oneOf(
      ...fitting.map((one) => ({
        ...one,
        seen: told,
        counted: one.status === 'lost' ? told : one.counted,
      })),
    );
  }
  const { status, generation, seen, counted } = state;
  return illegal(
    `${wish.job} is seen as ${given.status} ${given.generation} at ${told} where it is ${status} ${generation} at ${seen} to ${counted}`,
  );
}

/** A client that has been killed comes back without its handles. */
export function possible(state: JobState, { client, mayDie }: Wish): readonly JobState[] {
  if (!mayDie) return [state];
  const isHolder = state.owner === client || state.detached.includes(client);
  const states = isHolder ? [state, withoutHandle(state, client)] : [state];
  return states.flatMap((one) =>
    isActive(one.status) ? [one, { ...one, status: 'lost' }] : [one],
  );
}

function withoutHandle(state: JobState, client: number): JobState {
  return {
    ...state,
    owner: state.owner === client ? null : state.owner,
    detached: state.detached.filter((one) => one !== client),
  };
}

/** Whoever has the handle does it, or hears why not. */
function byOwner(
  state: JobState,
  { client }: Wish,
  change: (state: JobState) => JobState | undefined,
): Move {
  if (state.detached.includes(client)) return { answer: 'DETACHED', next: state };
  if (state.owner !== client) return { answer: 'none', next: state };
  const next = change(state);
  return next ? { answer: 'ok', next } : { answer: 'ILLEGAL_TRANSITION', next: state };
}

function ended(state: JobState, status: string, amount: number): JobState {
  const counted = state.counted + amount;
  return { ...state, status, counted, seen: counted };
}

/** Those who are detached when it is gone. */
function leave({ owner, detached }: JobState): readonly number[] {
  return owner === null ? detached : [...detached, owner].sort((a, b) => a - b);
}
