import type { Kill } from './kill-command.ts';

/** Where a subject keeps its store and which ports it may give. */
export interface PortsSetup {
  /** Need not exist. The database is `ports.db` in it. */
  readonly dataDir: string;
  /** Ports to give, both included. Without them the configuration decides. */
  readonly range: { readonly min: number; readonly max: number } | undefined;
  /** Whether sockets are looked at; not within the kernel's ephemeral range. */
  readonly probes: boolean;
}

export interface SubjectRow {
  readonly path: string;
  readonly tag: string | undefined;
  readonly port: number;
}

export interface SubjectReserveOptions {
  /** A configuration file that this call obeys. */
  readonly configFile?: string | undefined;
  /** For subjects whose calls are processes: SIGKILL at that moment. */
  readonly kill?: Kill | undefined;
}

/** A store of port reservations under test: the library, the command line, or a broken twin. */
export interface PortsSubject {
  /** The port of a directory. @throws an error with the code PORTS_EXHAUSTED */
  reserve(path: string, options?: SubjectReserveOptions): Promise<number>;
  /** Contiguous ports for `count` tags of a directory, all or nothing, in order. */
  reserveGroup(path: string, count: number): Promise<readonly number[]>;
  /** How many reservations of the directory there were. */
  release(path: string): Promise<number>;
  /** All of them, in order of path and tag. */
  list(): Promise<readonly SubjectRow[]>;
  /** Prunes and expires; answers how many went. */
  cleanup(): Promise<number>;
  migrate(from: string, to: string): Promise<number>;
  /** What is wrong with the store; empty when nothing is. */
  validate(): Promise<readonly string[]>;
  /** Excludes ports in the user's configuration. */
  exclude(min: number, max: number): Promise<void>;
  close(): Promise<void>;
}

/** What the module of a subject exports as `openSubject`. */
export type OpenPortsSubject = (setup: PortsSetup) => Promise<PortsSubject>;

/** A refusal of a subject with the code that a declaration's `on` table looks up. */
export class SubjectError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
