import { createHmac, randomBytes } from 'node:crypto';
import { type KeyId, parseDebugKeyId, versionId } from '../keys/key-id.ts';
import type { JsonFault } from './json-cursor.ts';
import type { RustKeyMetadata } from './rust-metadata.ts';
import type { FileProblem } from './small-file.ts';

/** Why no key came out of a file. */
export type Damage = FileProblem | JsonFault | 'empty' | 'not-authentic' | 'duplicate-id';

/**
 * What is strange about a key that did: its bytes are those of another one, its file has another
 * one's name, or its id is not the one that its base id and version give.
 */
export type Suspicion = 'same-material' | 'name-mismatch' | 'foreign-id';

/** One thing that is wrong in a directory. */
export type Finding = {
  /** The name of the file. */
  readonly file: string;
  readonly message: string;
} & (
  | { readonly kind: Damage; readonly id: KeyId | undefined; readonly isKeyLost: true }
  | { readonly kind: Suspicion; readonly id: KeyId; readonly isKeyLost: false }
);

/** A key of a directory. Only its bytes are authenticated, and only where they are encrypted. */
export interface FoundKey {
  /** The name of the file. */
  readonly file: string;
  /** 32 bytes, the caller's to wipe. */
  readonly material: Buffer;
  readonly metadata: RustKeyMetadata;
  /** Whether the file had the key encrypted; rust-keyvault's default is that it has not. */
  readonly isEncrypted: boolean;
}

export function damage(file: string, kind: Damage, message: string, id?: KeyId): Finding {
  return { file, kind, message, id, isKeyLost: true };
}

/** All that is strange about these keys, in their order. */
export function suspicions(keys: readonly FoundKey[]): readonly Finding[] {
  return [...keys.flatMap(misplaced), ...sameMaterial(keys)];
}

/** The name that rust-keyvault gives to the file of a key; it does not look at it again. */
function isNamedAfter(file: string, id: KeyId): boolean {
  return parseDebugKeyId(file.replace(/\.json$/, '')) === id;
}

function misplaced({ file, metadata }: FoundKey): readonly Finding[] {
  const { id, baseId, version } = metadata;
  const found: Finding[] = [];
  const suspect = { file, id, isKeyLost: false } as const;
  if (!isNamedAfter(file, id)) {
    found.push({ ...suspect, kind: 'name-mismatch', message: `has the key ${id}` });
  }
  const expected = version === 1 ? baseId : versionId(baseId, version);
  if (id !== expected) {
    const message = `version ${version} of ${baseId} would be ${expected}, not ${id}`;
    found.push({ ...suspect, kind: 'foreign-id', message });
  }
  return found;
}

/**
 * From the second rotation on, rust-keyvault 0.2 writes the first version's key over the latest
 * one's: of several versions with the same bytes, only the lowest is likely to be itself.
 */
function sameMaterial(keys: readonly FoundKey[]): readonly Finding[] {
  const secret = randomBytes(32);
  const inOrder = keys.toSorted((a, b) => a.metadata.version - b.metadata.version);
  const groups = Map.groupBy(inOrder, ({ material }) =>
    createHmac('sha256', secret).update(material).digest('hex'),
  );
  return [...groups.values()].flatMap(([first, ...others]) =>
    others.map(({ file, metadata: { id, version } }) => {
      const message = `version ${version} has the same bytes as version ${first?.metadata.version} in ${first?.file}: its own were probably overwritten by a rotation`;
      return { file, id, kind: 'same-material', isKeyLost: false, message } as const;
    }),
  );
}

/** Of several files with the same key id, one counts: the one named after it, or the first. */
export function withoutDuplicates(keys: readonly FoundKey[]): {
  readonly kept: readonly FoundKey[];
  readonly dropped: readonly FoundKey[];
} {
  const kept = new Map<KeyId, FoundKey>();
  for (const key of keys) {
    const { id } = key.metadata;
    if (!kept.has(id) || isNamedAfter(key.file, id)) kept.set(id, key);
  }
  const isKept = new Set(kept.values());
  return {
    kept: keys.filter((key) => isKept.has(key)),
    dropped: keys.filter((key) => !isKept.has(key)),
  };
}
