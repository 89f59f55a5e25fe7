import type { Call } from './call.ts';

/** What a checker of one kind of object finds, faster than a search; `calls` show what is wrong. */
export type Shortcut =
  | { readonly isLegal: true }
  | { readonly isLegal: false; readonly reason: string; readonly calls: readonly Call[] };
