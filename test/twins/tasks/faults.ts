import type {
  SubjectEvent,
  SubjectJob,
  SubjectListener,
  SubjectListing,
  SubjectUpdate,
  TasksSetup,
  TasksSubject,
} from '../../../src/torture.ts';
import { HonestTasks, isActive, type JobRow } from './honest.ts';
import { type Change, HonestListener } from './listener.ts';

// One fault for each invariant of the presets, chosen by the query of this module's URL:
// `faults.ts?forgets`. No race is needed to see them.

/** Takes each spelling for a name of its own. */
class SplitsNames extends HonestTasks {
  protected override name(database: string): string {
    this.database.prepare('INSERT OR IGNORE INTO databases VALUES (?)').run(database);
    return database;
  }
}

/** Says that it has registered a job, and has not. */
class Forgets extends HonestTasks {
  protected override insert(): number {
    return -1;
  }
}

class CountsOneMore extends HonestTasks {
  override async list(database?: string): Promise<SubjectListing> {
    const listing = await super.list(database);
    return { ...listing, count: listing.count + 1 };
  }
}

/** Lists everything but the first job. */
class ListsNoFirst extends HonestTasks {
  override async list(database?: string): Promise<SubjectListing> {
    const { seq, rows, count } = await super.list(database);
    return { seq, rows: rows.slice(1), count };
  }
}

class ListsTwice extends HonestTasks {
  override async list(database?: string): Promise<SubjectListing> {
    const { seq, rows, count } = await super.list(database);
    return { seq, rows: [...rows, ...rows], count };
  }
}

/** Refuses nobody. */
class AcceptsAll extends HonestTasks {
  override async register(job: string): Promise<SubjectJob> {
    return await super.register(job, { replaces: true });
  }
}

/** Takes the place of nobody. */
class RefusesAll extends HonestTasks {
  override async register(job: string): Promise<SubjectJob> {
    return await super.register(job);
  }
}

/** A job that was replaced goes on as if it were there. */
class DetachesNobody extends HonestTasks {
  override move(): void {}
}

class AbortsNobody extends HonestTasks {
  protected override put(database: string, job: string, former: JobRow | undefined): SubjectJob {
    const made = super.put(database, job, former);
    return Object.defineProperty(made, 'isAborted', { get: () => false, set: () => undefined });
  }
}

/** Leaves a number out behind each event. */
class SkipsNumbers extends HonestTasks {
  protected override tell(kind: string, row: JobRow): void {
    super.tell(kind, row);
    super.tell(kind, row);
    this.database.exec('DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)');
  }
}

class TellsTwice extends HonestTasks {
  protected override tell(kind: string, row: JobRow): void {
    super.tell(kind, row);
    super.tell(kind, row);
  }
}

class TellsEndsTwice extends HonestTasks {
  protected override tell(kind: string, row: JobRow): void {
    super.tell(kind, row);
    if (!isActive(row) && kind !== 'removed') super.tell(kind, row);
  }
}

/** Tells of something before the registration. */
class TellsBackwards extends HonestTasks {
  protected override tell(kind: string, row: JobRow): void {
    if (kind === 'stored') super.tell('started', row);
    super.tell(kind, row);
  }
}

class TellsNoRemoval extends HonestTasks {
  protected override tell(kind: string, row: JobRow): void {
    if (kind !== 'removed') super.tell(kind, row);
  }
}

class TellsReplacedAsStored extends HonestTasks {
  protected override tell(kind: string, row: JobRow): void {
    super.tell(kind === 'replaced' ? 'stored' : kind, row);
  }
}

class GoesBack extends HonestTasks {
  protected override tell(kind: string, row: JobRow): void {
    super.tell(kind, row);
    if (kind === 'progress') super.tell(kind, { ...row, progress: 0 });
  }
}

/** Takes nobody for dead. */
class LosesNobody extends HonestTasks {
  protected override dead(): readonly JobRow[] {
    return [];
  }
}

/** Takes everybody for dead who has begun. */
class LosesTheLiving extends HonestTasks {
  protected override dead(): readonly JobRow[] {
    return this.rows().filter(({ status }) => status === 'running');
  }
}

/** Leaves out every third event. */
class Deaf extends HonestListener {
  protected override events(
    found: readonly (SubjectEvent & Change)[],
  ): readonly (SubjectEvent & Change)[] {
    return found.filter(({ seq }) => seq % 3 !== 0);
  }
}

class HearsHalf extends HonestTasks {
  override listen(hear: Hear, { after }: Options = {}): SubjectListener {
    return new Deaf(this, hear, after);
  }
}

/** Keeps to itself what a listener throws. */
class SwallowsErrors extends HonestTasks {
  override listen(hear: Hear, options?: Options): SubjectListener {
    return super.listen(async (update) => {
      try {
        await hear(update);
      } catch {}
    }, options);
  }
}

/** Its file holds what its own schema forbids. */
class IsUnsound extends HonestTasks {
  protected override schema(): string {
    return `${super.schema()};
      PRAGMA ignore_check_constraints = ON;
      CREATE TABLE IF NOT EXISTS positive (number INTEGER CHECK (number > 0));
      INSERT INTO positive VALUES (0)`;
  }
}

type Hear = (update: SubjectUpdate) => void | Promise<void>;
type Options = { readonly after?: number | undefined };

const faults = {
  'aborts-nobody': AbortsNobody,
  'accepts-all': AcceptsAll,
  'counts-one-more': CountsOneMore,
  'detaches-nobody': DetachesNobody,
  forgets: Forgets,
  'goes-back': GoesBack,
  'hears-half': HearsHalf,
  'is-unsound': IsUnsound,
  'lists-no-first': ListsNoFirst,
  'lists-twice': ListsTwice,
  'loses-nobody': LosesNobody,
  'loses-the-living': LosesTheLiving,
  'refuses-all': RefusesAll,
  'skips-numbers': SkipsNumbers,
  'splits-names': SplitsNames,
  'swallows-errors': SwallowsErrors,
  'tells-backwards': TellsBackwards,
  'tells-ends-twice': TellsEndsTwice,
  'tells-no-removal': TellsNoRemoval,
  'tells-replaced-as-stored': TellsReplacedAsStored,
  'tells-twice': TellsTwice,
} as const;

export type Fault = keyof typeof faults;

/** URL of a subject with a fault. */
export function faulty(fault: Fault): string {
  return `${new URL(import.meta.url).href.replace(/\?.*/, '')}?${fault}`;
}

export async function openSubject(setup: TasksSetup): Promise<TasksSubject> {
  const wanted = new URL(import.meta.url).search.slice(1);
  const found = Object.entries(faults).find(([name]) => name === wanted);
  if (!found) throw new RangeError(`there is no fault '${wanted}'`);
  return new found[1](setup);
}
