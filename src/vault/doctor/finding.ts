/** What a look at a vault has found. */
export interface VaultFinding {
  readonly code: VaultFindingCode;
  /** A `problem` is to be mended; `advice` is how it could be better. */
  readonly severity: 'problem' | 'advice';
  readonly text: string;
  /** What to do about it. */
  readonly remedy: string;
}

export type VaultFindingCode =
  | 'store'
  | 'newer-schema'
  | 'network-file-system'
  | 'foreign-owner'
  | 'directory-open'
  | 'key-file-open'
  | 'key-file-beside'
  | 'unreadable-way-in'
  | 'weak-kdf'
  | 'one-way-in'
  | 'failed-attempts'
  | 'swap'
  | 'core-dumps'
  | 'memory-readable'
  | 'tampered'
  | 'expired-in-use'
  | 'never-rotated'
  | 'long-staged'
  | 'many-old-versions'
  | 'grace-over';

export function problem(code: VaultFindingCode, text: string, remedy: string): VaultFinding {
  return { code, severity: 'problem', text, remedy };
}

export function advice(code: VaultFindingCode, text: string, remedy: string): VaultFinding {
  return { code, severity: 'advice', text, remedy };
}
