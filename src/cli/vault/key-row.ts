import type { KeyInfo } from '../../vault.ts';
import { plainText } from '../text.ts';
import { timeText } from '../time.ts';

/** A version of a key as every output names its fields. */
export interface KeyRow {
  readonly id: string;
  readonly base_id: string;
  readonly version: number;
  readonly state: string;
  readonly algorithm: string;
  readonly label: string | null;
  readonly created_at: string;
  readonly encrypt_until: string | null;
  readonly decrypt_until: string | null;
}

export function keyRowOf(key: KeyInfo): KeyRow {
  return {
    ...{ id: key.id, base_id: key.baseId, version: key.version },
    ...{ state: key.state, algorithm: key.algorithm, label: key.label ?? null },
    created_at: timeText(key.createdAt),
    encrypt_until: timeText(key.encryptUntil),
    decrypt_until: timeText(key.decryptUntil),
  };
}

/** Lines of cells, tab-separated as `ports list` has them. */
export function tableText(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = rows.map((row) => row.map((cell) => plainText(String(cell ?? '-'))).join('\t'));
  return [head.join('\t'), ...lines].map((line) => `${line}\n`).join('');
}

type Cell = string | number | null;

/** One version in words. */
export function keySentence({ id, version, state }: KeyInfo): string {
  return `Key ${id}, version ${version}, is ${state}.`;
}
