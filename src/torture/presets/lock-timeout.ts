/** Longer than any queue of writers in these scenarios, on a machine that is busy besides. */
export const LOCK_TIMEOUT_MS = 30_000;
