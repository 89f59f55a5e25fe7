import { randomBytes } from 'node:crypto';
import type { SubjectKey, VaultSetup, VaultSubject } from '../../../src/torture.ts';
import { HonestVault, refusal } from './honest.ts';

// One fault for each invariant of the presets, chosen by the query of this module's URL:
// `faults.ts?forgets`. No race is needed to see them.

/** Says that it has made a key, and has not. */
class Forgets extends HonestVault {
  protected override insert(): void {}
}

/** Makes more keys than were asked for. */
class AddsKeys extends HonestVault {
  protected override insert(row: SubjectKey, content: string): void {
    super.insert(row, content);
    super.insert({ ...row, key: `${row.key}-besides` }, content);
  }
}

/** Keeps something else than it was given. */
class Garbles extends HonestVault {
  protected override insert(row: SubjectKey, content: string): void {
    super.insert(row, `${content.slice(1)}${content[0]}`);
  }
}

/** Has another content each time. */
class RevealsAnything extends HonestVault {
  protected override content(): string {
    return randomBytes(32).toString('hex');
  }
}

class RevealsNothing extends HonestVault {
  protected override content(): string {
    throw refusal('NOT_FOUND');
  }
}

/** Does not look at the state of what it reveals. */
class RevealsRevoked extends HonestVault {
  override async reveal(key: string, version: number): Promise<string> {
    this.row(key, version);
    return this.content(key, version);
  }
}

/** Takes a version for the latest that is not there yet. */
class IsAhead extends HonestVault {
  override async latest(key: string): Promise<number> {
    return this.inUse(key) + 1;
  }
}

/** The version that was the latest once is so for ever. */
class RemembersLatest extends HonestVault {
  readonly #latest = new Map<string, number>();

  override async latest(key: string): Promise<number> {
    const latest = this.#latest.get(key) ?? this.inUse(key);
    this.#latest.set(key, latest);
    return latest;
  }
}

/** Makes no more than a few keys. */
class Tires extends HonestVault {
  protected override log(key: string): void {
    super.log(key);
    const row = this.database.prepare('SELECT count(*) AS count FROM created').get();
    if (Number(row?.count) > 16) throw refusal('CONFLICT');
  }
}

/** Lists everything but the first key. */
class ListsNoFirst extends HonestVault {
  override async list(): Promise<readonly SubjectKey[]> {
    return this.rows().slice(1);
  }
}

/** Lists a key that is not there. */
class ListsOneMore extends HonestVault {
  override async list(): Promise<readonly SubjectKey[]> {
    return [...this.rows(), { key: 'nobody', version: 1, state: 'Active' }];
  }
}

class LogsTwice extends HonestVault {
  protected override log(key: string): void {
    super.log(key);
    super.log(key);
  }
}

/** Writes down what it was given as it is. */
class SealsNothing extends HonestVault {
  protected override sealed(content: string): string {
    return content;
  }
}

/** Leaves the version before in use. */
class KeepsBoth extends HonestVault {
  protected override setState(key: string, version: number, state: string): void {
    if (state !== 'Deprecated') super.setState(key, version, state);
  }
}

/** Finds itself broken. */
class AdmitsFault extends HonestVault {
  override async validate(): Promise<readonly string[]> {
    return ['it is as it says'];
  }
}

/** Its file holds what its own schema forbids. */
class IsUnsound extends HonestVault {
  protected override schema(): string {
    return `${super.schema()};
      PRAGMA ignore_check_constraints = ON;
      CREATE TABLE IF NOT EXISTS positive (number INTEGER CHECK (number > 0));
      INSERT INTO positive VALUES (0)`;
  }
}

const faults = {
  'adds-keys': AddsKeys,
  'admits-fault': AdmitsFault,
  forgets: Forgets,
  garbles: Garbles,
  'is-ahead': IsAhead,
  'is-unsound': IsUnsound,
  'keeps-both': KeepsBoth,
  'lists-no-first': ListsNoFirst,
  'lists-one-more': ListsOneMore,
  'logs-twice': LogsTwice,
  'remembers-latest': RemembersLatest,
  'reveals-anything': RevealsAnything,
  'reveals-nothing': RevealsNothing,
  'reveals-revoked': RevealsRevoked,
  'seals-nothing': SealsNothing,
  tires: Tires,
} as const;

export type Fault = keyof typeof faults;

/** URL of a subject with a fault. */
export function faulty(fault: Fault): string {
  return `${new URL(import.meta.url).href.replace(/\?.*/, '')}?${fault}`;
}

export async function openSubject(setup: VaultSetup): Promise<VaultSubject> {
  const wanted = new URL(import.meta.url).search.slice(1);
  const found = Object.entries(faults).find(([name]) => name === wanted);
  if (!found) throw new RangeError(`there is no fault '${wanted}'`);
  return new found[1](setup);
}
