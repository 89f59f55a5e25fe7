let last: Promise<unknown> = Promise.resolve();

/** One after the other, as far as this module reaches. */
export function alone<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work, work);
  last = mine.catch(() => undefined);
  return mine;
}
