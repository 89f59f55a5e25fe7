import type { EventKind } from '../../src/tasks.ts';
import type { Entry } from '../journal.ts';

/** An event that must be in the log once what was asked for has resolved. */
export interface Mark {
  readonly task: number;
  readonly kind: EventKind;
}

/** What a writer of the storm notes. */
export interface TasksEntry extends Entry {
  readonly kind: (typeof KINDS)[number];
  /** Of what is done. */
  readonly marks?: readonly Mark[] | undefined;
}

export const KINDS = [
  ...(['open', 'register', 'start', 'next', 'add', 'log', 'volume'] as const),
  ...(['finish', 'fail', 'cancel', 'request'] as const),
] as const;

/** How far tasks had come by what their process had counted, at one moment. */
export interface Sample {
  /** Epoch ms. */
  readonly at: number;
  readonly progress: Readonly<Record<number, number>>;
}

/** Where a writer notes samples, beside its journal. */
export function samplesOf(journal: string): string {
  return `${journal}.samples`;
}
