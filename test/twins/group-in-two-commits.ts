import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { PortsSetup, PortsSubject, SubjectRow } from '../../src/torture.ts';
import { HonestPorts } from './honest.ts';

/**
 * Commits a group half by half, behind a lock that keeps everybody else out meanwhile: as long as
 * nobody is killed, nobody can tell.
 */
class GroupInTwoCommits extends HonestPorts {
  readonly #gate: DatabaseSync;

  constructor(setup: PortsSetup) {
    super(setup);
    this.#gate = new DatabaseSync(join(setup.dataDir, 'gate.db'), { timeout: 60_000 });
  }

  override async reserve(path: string): Promise<number> {
    return this.#alone(() => super.decide(path));
  }

  override async reserveGroup(path: string, count: number): Promise<readonly number[]> {
    return this.#alone(() => {
      const base = this.portOf(path, 'port-0') ?? this.lowest(count);
      return Array.from({ length: count }, (_, index) => {
        this.transaction(() => this.insert(path, `port-${index}`, base + index));
        // As long as a write to a slow disk.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
        return base + index;
      });
    });
  }

  override async release(path: string): Promise<number> {
    return this.#alone(() => this.remove(path));
  }

  override async list(): Promise<readonly SubjectRow[]> {
    return this.#alone(() => this.rows());
  }

  override async close(): Promise<void> {
    this.#gate.close();
    await super.close();
  }

  /** The system ends the transaction of a process that is killed, and with it the lock. */
  #alone<T>(body: () => T): T {
    this.#gate.exec('BEGIN IMMEDIATE');
    try {
      return body();
    } finally {
      this.#gate.exec('ROLLBACK');
    }
  }
}

export async function openSubject(setup: PortsSetup): Promise<PortsSubject> {
  return new GroupInTwoCommits(setup);
}
