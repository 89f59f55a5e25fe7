import type { PortsSetup, PortsSubject, SubjectRow } from '../../src/torture.ts';
import { HonestPorts, type Range } from './honest.ts';

// One fault for each invariant of the presets, chosen by the query of this module's URL:
// `faults.ts?lists-nothing`. No race is needed to see them.

/** Gives a port without writing it down. */
class Forgets extends HonestPorts {
  protected override insert(): void {}
}

/** Leaves the lowest port of its range out. */
class SkipsOne extends HonestPorts {
  constructor(setup: PortsSetup) {
    super(setup);
    this.range = { min: this.range.min + 1, max: this.range.max };
  }
}

/** Gives another port each time. */
class Moves extends HonestPorts {
  override async reserve(path: string): Promise<number> {
    return this.transaction(() => {
      const port = this.lowest();
      this.replace(path, '', port);
      return port;
    });
  }
}

/** Writes down more than was asked for, and what it refuses. */
class AddsRows extends HonestPorts {
  override async reserve(path: string): Promise<number> {
    this.replace(`${path}-besides`, '', 1024 + Math.floor(Math.random() * 1000));
    return super.reserve(path);
  }
}

/** Gives everybody the same port, and has no constraint that would keep it from doing so. */
class GivesOne extends HonestPorts {
  protected override schema(): string {
    return super.schema().replace('UNIQUE', '');
  }

  protected override lowest(): number {
    return this.range.min;
  }
}

/** Gives ports beyond its range. */
class GoesBeyond extends HonestPorts {
  constructor(setup: PortsSetup) {
    super(setup);
    this.range = { min: this.range.max + 1, max: this.range.max + 1000 };
  }
}

/** Keeps the last port of its range to itself. */
class KeepsOne extends HonestPorts {
  constructor(setup: PortsSetup) {
    super(setup);
    this.range = { min: this.range.min, max: this.range.max - 1 };
  }
}

/** Has no port for anybody. */
class Refuses extends HonestPorts {
  protected override lowest(): number {
    throw Object.assign(new Error('no available ports'), { code: 'PORTS_EXHAUSTED' });
  }
}

/** Has no port for anybody once there are a few rows. */
class Tires extends HonestPorts {
  protected override lowest(count?: number): number {
    if (this.rows().length < 16) return super.lowest(count);
    throw Object.assign(new Error('no available ports'), { code: 'PORTS_EXHAUSTED' });
  }
}

/** Does not say why it refuses. */
class IsCurt extends HonestPorts {
  protected override lowest(): number {
    try {
      return super.lowest();
    } catch (error) {
      throw Object.assign(new Error('no'), error);
    }
  }
}

/** Lists everything but the first row. */
class ListsNoFirst extends HonestPorts {
  override async list(): Promise<readonly SubjectRow[]> {
    return this.rows().slice(1);
  }
}

class ListsNothing extends HonestPorts {
  override async list(): Promise<readonly SubjectRow[]> {
    return [];
  }
}

/** Lists ports that are one too high. */
class ListsWrongPorts extends HonestPorts {
  override async list(): Promise<readonly SubjectRow[]> {
    return this.rows().map((row) => ({ ...row, port: row.port + 1 }));
  }
}

/** Lists one port for all. */
class ListsOnePort extends HonestPorts {
  override async list(): Promise<readonly SubjectRow[]> {
    return this.rows().map((row) => ({ ...row, port: 50_000 }));
  }
}

/** Every other list is the first that it has made. */
class ListsOldRows extends HonestPorts {
  #first: readonly SubjectRow[] | undefined;
  #count = 0;

  override async list(): Promise<readonly SubjectRow[]> {
    const rows = this.rows();
    this.#first ??= rows;
    this.#count += 1;
    return this.#count % 2 === 0 ? this.#first : rows;
  }
}

/** Lists one row that nobody has asked for. */
class ListsOneMore extends HonestPorts {
  override async list(): Promise<readonly SubjectRow[]> {
    return [...this.rows(), { path: '/nowhere', tag: undefined, port: 1024 }];
  }
}

/** Leaves a gap between the ports of a group. */
class LeavesGaps extends HonestPorts {
  override async reserveGroup(path: string, count: number): Promise<readonly number[]> {
    return this.transaction(() => {
      const base = this.lowest(2 * count);
      const ports = Array.from({ length: count }, (_, index) => base + 2 * index);
      for (const [index, port] of ports.entries()) this.insert(path, `port-${index}`, port);
      return ports;
    });
  }
}

/** Finds room for a group outside its range. */
class FindsRoom extends HonestPorts {
  override async reserveGroup(path: string, count: number): Promise<readonly number[]> {
    this.range = { min: this.range.min, max: this.range.max + 100 };
    return super.reserveGroup(path, count);
  }
}

/** Takes the default range, whatever the configuration says. */
class ReadsNothing extends HonestPorts {
  protected override async configured(): Promise<Range> {
    return { min: 5000, max: 7000 };
  }
}

/** Obeys the first configuration for ever. */
class ReadsOnce extends HonestPorts {
  #range: Promise<Range> | undefined;

  protected override configured(file: string): Promise<Range> {
    this.#range ??= super.configured(file);
    return this.#range;
  }
}

/** Writes its configuration without what was in there. */
class OverwritesConfig extends HonestPorts {
  protected override configuration(): string {
    return 'excluded_ports:\n';
  }
}

/** Cleans up what is in use. */
class CleansAll extends HonestPorts {
  protected override clean(): number {
    return Number(this.database.prepare('DELETE FROM reservations').run().changes);
  }
}

class CleansNothing extends HonestPorts {
  protected override clean(): number {
    return 0;
  }
}

class CountsTwice extends HonestPorts {
  protected override clean(): number {
    return 2 * super.clean();
  }
}

/** Says that it has released something, whether there was something or not. */
class ReleasesAlways extends HonestPorts {
  override async release(path: string): Promise<number> {
    await super.release(path);
    return 1;
  }
}

/** Its file holds what its own schema forbids. */
class IsUnsound extends HonestPorts {
  protected override schema(): string {
    return `${super.schema()};
      PRAGMA ignore_check_constraints = ON;
      CREATE TABLE IF NOT EXISTS positive (number INTEGER CHECK (number > 0));
      INSERT INTO positive VALUES (0)`;
  }
}

/** Finds itself broken. */
class AdmitsFault extends HonestPorts {
  override async validate(): Promise<readonly string[]> {
    return ['it is as it says'];
  }
}

/** Takes far more room than its rows need. */
class IsLarge extends HonestPorts {
  protected override schema(): string {
    return `${super.schema()}; CREATE TABLE IF NOT EXISTS ballast AS SELECT zeroblob(9437184)`;
  }
}

const faults = {
  'adds-rows': AddsRows,
  'admits-fault': AdmitsFault,
  'cleans-all': CleansAll,
  'cleans-nothing': CleansNothing,
  'counts-twice': CountsTwice,
  'finds-room': FindsRoom,
  forgets: Forgets,
  'gives-one': GivesOne,
  'goes-beyond': GoesBeyond,
  'is-curt': IsCurt,
  'is-large': IsLarge,
  'is-unsound': IsUnsound,
  'keeps-one': KeepsOne,
  'leaves-gaps': LeavesGaps,
  'lists-no-first': ListsNoFirst,
  'lists-nothing': ListsNothing,
  'lists-old-rows': ListsOldRows,
  'lists-one-more': ListsOneMore,
  'lists-one-port': ListsOnePort,
  'lists-wrong-ports': ListsWrongPorts,
  moves: Moves,
  'overwrites-config': OverwritesConfig,
  'reads-nothing': ReadsNothing,
  'reads-once': ReadsOnce,
  refuses: Refuses,
  'releases-always': ReleasesAlways,
  'skips-one': SkipsOne,
  tires: Tires,
} as const;

export type Fault = keyof typeof faults;

/** URL of a subject with a fault. */
export function faulty(fault: Fault): string {
  return `${new URL(import.meta.url).href.replace(/\?.*/, '')}?${fault}`;
}

export async function openSubject(setup: PortsSetup): Promise<PortsSubject> {
  const wanted = new URL(import.meta.url).search.slice(1);
  const found = Object.entries(faults).find(([name]) => name === wanted);
  if (!found) throw new RangeError(`there is no fault '${wanted}'`);
  return new found[1](setup);
}
