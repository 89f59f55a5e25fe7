import type { Entry, LastWords } from '../journal.ts';

/** Services of each group that a victim reserves. */
export const GROUP_SIZE = 4;

export const KINDS = ['open', 'reserve', 'group', 'release', 'migrate', 'gone', 'cleanup'] as const;

/** One line of a victim's journal. */
export interface PortsEntry extends Entry {
  readonly kind: (typeof KINDS)[number];
  readonly path?: string;
  readonly to?: string;
  readonly ports?: readonly number[];
}

/** Ports by path, as sets of rows: what the file must hold of one victim. */
export type Holdings = ReadonlyMap<string, readonly number[]>;

/**
 * Sentences about how the rows of one victim differ from what it was told. `rows` is what the file
 * holds below its directory, ports by path.
 */
export function differences(
  { acknowledged, inside }: LastWords<PortsEntry>,
  rows: Holdings,
): string[] {
  const expected = new Map<string, readonly number[]>();
  for (const { kind, path = '', to = '', ports } of acknowledged) {
    if (kind === 'reserve' || kind === 'group') expected.set(path, ports ?? []);
    if (kind === 'release') expected.delete(path);
    if (kind === 'migrate') {
      expected.set(to, expected.get(path) ?? []);
      expected.delete(path);
    }
  }
  const found: string[] = [];
  for (const path of new Set([...expected.keys(), ...rows.keys()])) {
    if (isGone(path) || path === inside?.path || path === inside?.to) continue;
    const told = sorted(expected.get(path));
    const held = sorted(rows.get(path));
    if (told !== held) found.push(`${path}: was told [${told}], the file holds [${held}]`);
  }
  found.push(...halves(rows, inside));
  if (inside) found.push(...doubt(inside, expected, rows));
  return found;
}

/** An operation that was under way has happened wholly or not at all. */
function doubt(inside: PortsEntry, expected: Holdings, rows: Holdings): string[] {
  const { kind, path = '', to = '' } = inside;
  const before = sorted(expected.get(path));
  const here = sorted(rows.get(path));
  if (kind === 'release' && here !== before && here !== '') {
    return [`${path}: half released: [${here}] of [${before}]`];
  }
  if (kind !== 'migrate') return [];
  const there = sorted(rows.get(to));
  const stayed = here === before && there === '';
  const moved = here === '' && there === before;
  return stayed || moved ? [] : [`${path} to ${to}: half moved: [${here}] and [${there}]`];
}

/** Groups are there with every row or with none, whoever made or removed them. */
function halves(rows: Holdings, inside: PortsEntry | undefined): string[] {
  const found: string[] = [];
  for (const [path, ports] of rows) {
    const isGroup = isGone(path) || (inside?.kind === 'group' && path === inside.path);
    if (isGroup && ports.length !== GROUP_SIZE) {
      found.push(`${path}: half a group: [${sorted(ports)}]`);
    }
    if (inside?.kind === 'reserve' && path === inside.path && ports.length !== 1) {
      found.push(`${path}: ${ports.length} rows of one reservation`);
    }
  }
  return found;
}

/** Anybody's cleanup may remove these. */
function isGone(path: string): boolean {
  return path.includes('/gone/');
}

function sorted(ports: readonly number[] | undefined): string {
  return (ports ?? []).toSorted((a, b) => a - b).join(' ');
}
