/** Where a subject keeps its store. */
export interface VaultSetup {
  /** Need not exist. */
  readonly dir: string;
}

/** One version of a key. */
export interface SubjectKey {
  readonly key: string;
  readonly version: number;
  /** `Active`, `Deprecated`, `Revoked`, … */
  readonly state: string;
}

/** How a file is made that carries a key. */
export interface Carriage {
  readonly password: string;
  /** Memory that the password costs, in KiB. */
  readonly memoryKib: number;
}

/**
 * A vault under test: the library, or a broken twin. Keys have names, versions count from 1, and
 * contents are 32 bytes in hexadecimal digits. Refusals are errors with the codes CONFLICT,
 * NOT_FOUND and KEY_STATE.
 */
export interface VaultSubject {
  /** Version 1, Active. @throws CONFLICT when there is a key of that name */
  create(key: string, content: string): Promise<void>;
  /** Answers the new version; the one before is Deprecated. @throws NOT_FOUND, KEY_STATE, CONFLICT */
  rotate(key: string, expectedVersion?: number): Promise<number>;
  /** @throws NOT_FOUND; CONFLICT when another version than the expected one is in use */
  revoke(key: string, version: number, expectedVersion?: number): Promise<void>;
  /** Removes a version for good. @throws NOT_FOUND; KEY_STATE while it is in use */
  remove(key: string, version: number): Promise<void>;
  /** Removes versions that are not in use, but for the newest ones; answers how many. @throws NOT_FOUND */
  cleanup(key: string, keep: number): Promise<number>;
  /** The version in use. @throws NOT_FOUND, KEY_STATE */
  latest(key: string): Promise<number>;
  /** The state of a version, if it is there. */
  get(key: string, version: number): Promise<string | undefined>;
  /** All versions of a key, oldest first. @throws NOT_FOUND */
  versions(key: string): Promise<readonly SubjectKey[]>;
  /** All versions of all keys as of one moment, in order of key and version. */
  list(): Promise<readonly SubjectKey[]>;
  /** The content of a version. @throws NOT_FOUND; KEY_STATE when it is revoked */
  reveal(key: string, version: number): Promise<string>;
  /** A file with one version. @throws NOT_FOUND, KEY_STATE */
  exportKey(key: string, version: number, carriage: Carriage): Promise<Uint8Array>;
  importKey(file: Uint8Array, password: string): Promise<void>;
  /** The keys of whose creation the log tells, in its order. */
  created(): Promise<readonly string[]>;
  /** What is wrong with the store; empty when nothing is. */
  validate(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What the module of a subject exports. */
export interface VaultSubjectModule {
  readonly openSubject: (setup: VaultSetup) => Promise<VaultSubject>;
  /** Whether the store is gone when nobody has it open, and only threads of one process share it. */
  readonly isInMemory?: boolean | undefined;
}
