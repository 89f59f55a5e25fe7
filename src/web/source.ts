import type { Tasks } from '../tasks.ts';

/** What the page needs of a store. */
export type Source = Pick<Tasks, 'subscribe' | 'list' | 'history' | 'log' | 'at'>;
