/** What a promise resolves to; undefined when it takes longer, or when it rejects. */
export async function within<T>(promise: Promise<T>, waitMs: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, waitMs, undefined);
  const first = await Promise.race([promise.catch(() => undefined), late.promise]);
  clearTimeout(timer);
  return first;
}
