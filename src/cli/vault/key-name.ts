import { HoldfastError } from '../../errors.ts';
import type { KeyInfo, KeyState, Vault } from '../../vault.ts';
import { plainText } from '../text.ts';

/** Fewer digits than that are too easily those of another key tomorrow. */
const PREFIX_MIN = 6;
const SHOWN_MAX = 10;

/** All versions of all keys. */
export async function allKeys(
  vault: Vault,
  filter: Omit<Parameters<Vault['list']>[0] & object, 'cursor' | 'limit'> = {},
): Promise<readonly KeyInfo[]> {
  const keys: KeyInfo[] = [];
  let cursor: string | undefined;
  do {
    const page = await vault.list({ ...filter, cursor, limit: 10_000 });
    for (const key of page.items) keys.push(key);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return keys;
}

/**
 * The version of a key that a name stands for: its id, a beginning of it that no other has, or a
 * label that only one key has: its newest version in one of `states` then, or the newest of all.
 * @throws NOT_FOUND; CONFLICT for a name that stands for several
 */
export async function keyNamed(
  vault: Vault,
  name: string,
  states: readonly KeyState[] = IN_USE,
): Promise<KeyInfo> {
  const digits = name.toLowerCase();
  if (/^[0-9a-f]{32}$/.test(digits)) return known(await vault.get(digits), name);
  const keys = await allKeys(vault);
  if (new RegExp(`^[0-9a-f]{${PREFIX_MIN},31}$`).test(digits)) {
    const found = keys.filter(({ id }) => id.startsWith(digits));
    if (found.length > 1) throw ambiguous(`'${name}' begins the ids of several keys`, found);
    if (found[0]) return found[0];
  }
  return keyLabelled(keys, name, states);
}

const IN_USE: readonly KeyState[] = ['Active', 'Rotating'];

function keyLabelled(
  keys: readonly KeyInfo[],
  label: string,
  states: readonly KeyState[],
): KeyInfo {
  const versions = keys.filter((key) => key.label === label);
  const families = Map.groupBy(versions, ({ baseId }) => baseId);
  const newest = [...families.values()].flatMap((family) => newestOf(family, states) ?? []);
  if (newest.length > 1) {
    throw ambiguous(`several keys have the label '${plainText(label)}'`, newest);
  }
  return known(newest[0], label);
}

function newestOf(versions: readonly KeyInfo[], states: readonly KeyState[]): KeyInfo | undefined {
  const inOrder = versions.toSorted((a, b) => a.version - b.version);
  return inOrder.findLast(({ state }) => states.includes(state)) ?? inOrder.at(-1);
}

function known(key: KeyInfo | undefined, name: string): KeyInfo {
  if (key) return key;
  const isShort = /^[0-9a-f]{1,5}$/i.test(name);
  const hint = isShort ? `; ids are told by ${PREFIX_MIN} digits or more` : '';
  throw new HoldfastError('NOT_FOUND', `there is no key '${plainText(name)}'${hint}`);
}

function ambiguous(what: string, keys: readonly KeyInfo[]): HoldfastError {
  const lines = keys.slice(0, SHOWN_MAX).map(({ id, version, state, label }) => {
    const named = label === undefined ? '' : ` '${plainText(label)}'`;
    return `\n  ${id} version ${version} ${state}${named}`;
  });
  const more = keys.length > SHOWN_MAX ? `\n  and ${keys.length - SHOWN_MAX} more` : '';
  return new HoldfastError('CONFLICT', `${what}:${lines.join('')}${more}\n`);
}
