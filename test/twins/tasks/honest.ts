import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type {
  SubjectEvent,
  SubjectJob,
  SubjectJobRow,
  SubjectListener,
  SubjectListing,
  SubjectRegistration,
  SubjectUpdate,
  TasksSetup,
  TasksSubject,
} from '../../../src/torture.ts';
import { type Change, HonestListener } from './listener.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS databases (name TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, database TEXT, job TEXT, generation INTEGER,
    status TEXT, progress INTEGER, task_seq INTEGER, pid INTEGER, UNIQUE (database, job));
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, database TEXT, job TEXT, job_id INTEGER,
    task_seq INTEGER, generation INTEGER, former INTEGER, status TEXT, progress INTEGER)`;

/** A row of `jobs`. Its one task has the same number. */
export interface JobRow extends Change {
  readonly database: string;
  readonly pid: number;
}

export type Status = 'pending' | 'running' | 'finished' | 'failed' | 'canceled' | 'lost';

const ACTIVE = ['pending', 'running'] as const;

/** A small store of jobs that keeps its word: what the twins are broken copies of. */
export class HonestTasks implements TasksSubject {
  protected readonly database: DatabaseSync;

  constructor({ dir }: TasksSetup) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.database = new DatabaseSync(join(dir, 'tasks.db'), { timeout: 60_000 });
    // Nothing here is about durability.
    this.database.exec('PRAGMA synchronous = OFF');
    // SQLite refuses at once, and does not wait, when two upgrade a read lock.
    this.transaction(() => this.database.exec(this.schema()));
  }

  async register(job: string, options: SubjectRegistration = {}): Promise<SubjectJob> {
    const { database = 'default', replaces = false } = options;
    return this.transaction(() => {
      const name = this.name(database);
      this.loseAll(this.dead());
      const former = this.find(name, job);
      if (former && isActive(former) && !replaces) throw refusal('CONFLICT');
      return this.put(name, job, former);
    });
  }

  async get(job: string): Promise<SubjectJobRow | undefined> {
    return (await this.list()).rows.find((row) => row.job === job);
  }

  async list(database = 'default'): Promise<SubjectListing> {
    return this.transaction(() => {
      this.loseAll(this.dead());
      const rows = this.#select('database = ?', normalised(database));
      return { seq: this.lastSeq(), rows: rows.map(rowOf), count: rows.length };
    });
  }

  async remove(job: string, force: boolean): Promise<boolean> {
    return this.transaction(() => {
      this.loseAll(this.dead());
      const row = this.find('default', job);
      if (row === undefined) return false;
      if (isActive(row) && !force) throw refusal('CONFLICT');
      this.drop(row);
      this.tell('removed', { ...row, taskSeq: row.taskSeq + 1 });
      return true;
    });
  }

  async requestCancel(job: string): Promise<boolean> {
    this.transaction(() => this.loseAll(this.dead()));
    const row = this.find('default', job);
    return row !== undefined && isActive(row);
  }

  async databases(): Promise<readonly { readonly name: string; readonly jobs: number }[]> {
    const select = `SELECT name, (SELECT count(*) FROM jobs WHERE database = name) AS jobs
      FROM databases ORDER BY name`;
    return this.database
      .prepare(select)
      .all()
      .map(({ name, jobs }) => ({ name: String(name), jobs: Number(jobs) }));
  }

  listen(
    hear: (update: SubjectUpdate) => void | Promise<void>,
    { after }: { readonly after?: number | undefined } = {},
  ): SubjectListener {
    return new HonestListener(this, hear, after);
  }

  async log(): Promise<readonly SubjectEvent[]> {
    return this.eventsAfter(0);
  }

  async close(): Promise<void> {
    this.database.close();
  }

  /** All there is, as of one moment, for listeners. */
  snapshot(): { readonly seq: number; readonly jobs: readonly Change[] } {
    return this.transaction(() => ({ seq: this.lastSeq(), jobs: this.rows() }));
  }

  eventsAfter(seq: number): readonly (SubjectEvent & Change)[] {
    return this.database
      .prepare('SELECT * FROM events WHERE seq > ? ORDER BY seq')
      .all(seq)
      .map((row) => ({
        seq: Number(row.seq),
        kind: String(row.kind),
        database: String(row.database),
        job: String(row.job),
        jobId: Number(row.job_id),
        task: Number(row.job_id),
        taskSeq: Number(row.task_seq),
        generation: Number(row.generation),
        former: row.former === null ? undefined : Number(row.former),
        status: String(row.status),
        progress: Number(row.progress),
      }));
  }

  /** Changes what a handle is of, if it is in one of these. @throws ILLEGAL_TRANSITION, DETACHED */
  move(handle: HonestJob, from: readonly Status[], status: Status, kind: string): void {
    this.transaction(() => {
      const row = this.rowOf(handle);
      if (row === undefined) throw refusal('DETACHED');
      if (!from.some((one) => one === row.status)) throw refusal('ILLEGAL_TRANSITION');
      this.change(row, { status, progress: row.progress }, kind);
    });
  }

  /** Progress of a handle; nobody is told where there is no such job. */
  advance(handle: HonestJob, amount: number): void {
    this.transaction(() => {
      const row = this.rowOf(handle);
      if (row?.status !== 'running') return;
      this.change(row, { status: row.status, progress: row.progress + amount }, 'progress');
    });
  }

  protected rowOf({ jobId }: HonestJob): JobRow | undefined {
    return this.#select('id = ?', jobId)[0];
  }

  protected schema(): string {
    return SCHEMA;
  }

  protected transaction<T>(body: () => T): T {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** The name of a database, which is there then. */
  protected name(database: string): string {
    const name = normalised(database);
    this.database.prepare('INSERT OR IGNORE INTO databases VALUES (?)').run(name);
    return name;
  }

  protected put(database: string, job: string, former: JobRow | undefined): SubjectJob {
    if (former) this.drop(former);
    const generation = (former?.generation ?? 0) + 1;
    const jobId = this.insert(database, job, generation);
    const row = { job, jobId, generation, status: 'pending', progress: 0, taskSeq: 1, database };
    const all = { ...row, former: former?.jobId, pid: process.pid };
    this.tell(former ? 'replaced' : 'stored', all);
    return new HonestJob(this, all);
  }

  protected insert(database: string, job: string, generation: number): number {
    const { lastInsertRowid } = this.database
      .prepare("INSERT INTO jobs VALUES (NULL, ?, ?, ?, 'pending', 0, 1, ?)")
      .run(database, job, generation, process.pid);
    return Number(lastInsertRowid);
  }

  protected drop({ jobId }: JobRow): void {
    this.database.prepare('DELETE FROM jobs WHERE id = ?').run(jobId);
  }

  protected change(
    row: JobRow,
    { status, progress }: Pick<JobRow, 'status' | 'progress'>,
    kind: string,
  ): void {
    const taskSeq = row.taskSeq + 1;
    this.database
      .prepare('UPDATE jobs SET status = ?, progress = ?, task_seq = ? WHERE id = ?')
      .run(status, progress, taskSeq, row.jobId);
    this.tell(kind, { ...row, status, progress, taskSeq });
  }

  protected tell(kind: string, row: JobRow): void {
    const { database, job, jobId, taskSeq, generation, former, status, progress } = row;
    this.database
      .prepare('INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(kind, database, job, jobId, taskSeq, generation, former ?? null, status, progress);
  }

  /** Active jobs of processes that are gone. */
  protected dead(): readonly JobRow[] {
    const active = this.#select("status IN ('pending', 'running')");
    const living = new Set([...new Set(active.map(({ pid }) => pid))].filter(isAlive));
    return active.filter(({ pid }) => !living.has(pid));
  }

  protected loseAll(rows: readonly JobRow[]): void {
    for (const row of rows) this.change(row, { status: 'lost', progress: row.progress }, 'lost');
  }

  protected rows(): readonly JobRow[] {
    return this.#select('true');
  }

  protected find(database: string, job: string): JobRow | undefined {
    return this.#select('database = ? AND job = ?', database, job)[0];
  }

  #select(where: string, ...values: readonly (string | number)[]): readonly JobRow[] {
    return this.database
      .prepare(`SELECT * FROM jobs WHERE ${where} ORDER BY id`)
      .all(...values)
      .map((row) => ({
        database: String(row.database),
        job: String(row.job),
        jobId: Number(row.id),
        generation: Number(row.generation),
        status: String(row.status),
        progress: Number(row.progress),
        taskSeq: Number(row.task_seq),
        pid: Number(row.pid),
      }));
  }

  protected lastSeq(): number {
    const row = this.database.prepare('SELECT max(seq) AS seq FROM events').get();
    return Number(row?.seq ?? 0);
  }
}

/** A job of this process. */
export class HonestJob implements SubjectJob {
  readonly generation: number;
  readonly jobId: number;
  readonly job: string;
  status: string;
  isAborted = false;
  readonly #store: HonestTasks;

  constructor(store: HonestTasks, { job, jobId, generation, status }: Change) {
    this.#store = store;
    this.job = job;
    this.jobId = jobId;
    this.generation = generation;
    this.status = status;
  }

  advance(amount: number): void {
    this.#store.advance(this, amount);
  }

  async start(): Promise<void> {
    this.#move(['pending'], 'running', 'started');
  }

  async finish(): Promise<void> {
    this.#move(['running'], 'finished', 'finished');
  }

  async fail(): Promise<void> {
    this.#move(ACTIVE, 'failed', 'failed');
  }

  async cancel(): Promise<void> {
    this.#move(ACTIVE, 'canceled', 'canceled');
  }

  #move(from: readonly Status[], status: Status, kind: string): void {
    try {
      this.#store.move(this, from, status, kind);
      this.status = status;
    } catch (error) {
      if (error instanceof Error && error.message === 'DETACHED') this.isAborted = true;
      throw error;
    }
  }
}

/** What a list and a listener show of a job. */
export function rowOf(row: Change & { readonly pid?: number }): SubjectJobRow {
  const { job, jobId, generation, status, progress, taskSeq, pid = 0 } = row;
  const record = JSON.stringify([job, jobId, generation, status, progress, taskSeq]);
  return { job, jobId, generation, status, progress, pid, record };
}

export function refusal(code: 'CONFLICT' | 'DETACHED' | 'ILLEGAL_TRANSITION'): Error {
  return Object.assign(new Error(code), { code });
}

export function isActive({ status }: { readonly status: string }): boolean {
  return status === 'pending' || status === 'running';
}

function normalised(database: string): string {
  return database.normalize('NFC').trim().toLowerCase();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function openSubject(setup: TasksSetup): Promise<TasksSubject> {
  return new HonestTasks(setup);
}
