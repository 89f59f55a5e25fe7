/** More would tell nothing new. */
const NAMES_MAX = 20;

/** UUIDs, long hexadecimal, and whatever follows a digit in a word. */
const RANDOM = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8,}|\d[0-9a-z]*/gi;

/**
 * What is there more often than before, most first. Names that differ in numbers only are one, with
 * `#` in place of what differs and with their count.
 */
export function leftovers(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): string[] {
  const groups = new Map<string, { name: string; kinds: number; count: number }>();
  for (const [name, count] of after) {
    const added = count - (before.get(name) ?? 0);
    if (added <= 0) continue;
    const pattern = name.replace(RANDOM, '#');
    const group = groups.get(pattern) ?? { name, kinds: 0, count: 0 };
    groups.set(pattern, { name, kinds: group.kinds + 1, count: group.count + added });
  }
  return [...groups]
    .sort(([, a], [, b]) => b.count - a.count)
    .slice(0, NAMES_MAX)
    .map(([pattern, { name, kinds, count }]) => {
      const shown = kinds === 1 ? name : pattern;
      return count === 1 ? shown : `${shown} (${count} times)`;
    });
}
