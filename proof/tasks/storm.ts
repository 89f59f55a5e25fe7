import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Tasks } from '../../src/tasks.ts';
import { Random } from '../../src/torture/declare/random.ts';
import { isAtWork } from '../journal.ts';
import { Tally } from '../tally.ts';
import { type Account, account, type Dead, type Received } from './account.ts';
import { Hand } from './crew.ts';
import { Follower } from './follower.ts';
import type { FollowerWorker } from './follower-worker.ts';
import { isActive, wholeTable } from './log.ts';

export interface StormOptions {
  readonly durationMs: number;
  readonly seed: number;
  /** Subscribers that join one after the other in this process; one joins in another. */
  readonly joins: number;
  /** A deliberate one. */
  readonly fault?: string | undefined;
  readonly note?: ((line: string) => void) | undefined;
}

export interface StormReport extends Omit<Account, 'words'> {
  readonly seed: number;
  readonly kills: number;
  /** Of these, how many were asked to end. */
  readonly asked: number;
  /** How many hit inside an operation, by its kind. */
  readonly inside: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly events: number;
}

const WRITERS = 6;
/** Between two kills. */
const KILL_MS_MIN = 50;
const KILL_MS_MAX = 500;
/** How long what the last ones have left may go on. */
const END_MS = 10_000;
/** How long writers may take to get to their work. */
const START_MS = 30_000;
const LOOK_MS = 5;
/** One of so many is asked to end, and calls `process.exit`. */
const ASKED = 6;
/** How long that may take it. */
const EXIT_MS = 10_000;
/** Of what a writer says when it ends by itself. */
const SAID_MAX = 1000;

/** Writers that are killed at random, and subscribers that are to see all of what they do. */
export async function runStorm(options: StormOptions): Promise<StormReport> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-storm-')));
  const storm = await Storm.open(home, options);
  try {
    await storm.rage();
    const report = await storm.settle();
    if (report.violations.length === 0 || options.fault) return report;
    return { ...report, violations: [...report.violations, `the store is kept in ${home}`] };
  } finally {
    await storm.end();
    if (options.fault || storm.holds) rmSync(home, { recursive: true, force: true });
  }
}

interface Writer {
  readonly child: ChildProcess;
  readonly journal: string;
  readonly exit: Promise<unknown>;
}

class Storm {
  holds = false;
  readonly #home: string;
  readonly #options: StormOptions;
  readonly #random: Random;
  readonly #tasks: Tasks;
  readonly #log: Received[] = [];
  readonly #observer: Follower;
  readonly #followers: Follower[] = [];
  readonly #remote = new Hand<FollowerWorker>(join(import.meta.dirname, 'follower-worker.ts'));
  readonly #writers: Writer[] = [];
  readonly #dead: Dead[] = [];
  readonly #violations: string[] = [];
  #born = 0;

  static async open(home: string, options: StormOptions): Promise<Storm> {
    const tasks = await Tasks.open({ dir: join(home, 'data'), database: 'storm' });
    return new Storm(home, options, tasks);
  }

  private constructor(home: string, options: StormOptions, tasks: Tasks) {
    this.#home = home;
    this.#options = options;
    this.#random = new Random(String(options.seed));
    this.#tasks = tasks;
    this.#observer = new Follower(tasks, { after: 0 }, (event) =>
      this.#log.push({ event, receivedAt: Date.now() }),
    );
  }

  /** Kills one writer after the other; another one begins for each. Subscribers join meanwhile. */
  async rage(): Promise<void> {
    const { durationMs, joins } = this.#options;
    while (this.#writers.length < WRITERS) this.#spawn();
    const beganAt = performance.now();
    const passed = () => (performance.now() - beganAt) / durationMs;
    const joinAt = Array.from({ length: joins }, () => this.#random.int(1000) / 1000).toSorted();
    const remoteAt = 0.2 + this.#random.int(600) / 1000;
    let isJoined = false;
    while (passed() < 1 && this.#violations.length === 0) {
      await pause(KILL_MS_MIN + this.#random.int(KILL_MS_MAX - KILL_MS_MIN + 1));
      await this.#kill(await this.#next());
      this.#spawn();
      for (const due of joinAt.splice(0, joinAt.filter((at) => at < passed()).length)) {
        this.#options.note?.(`a subscriber joins at ${due}`);
        this.#followers.push(new Follower(this.#tasks));
      }
      if (!isJoined && passed() > remoteAt) {
        isJoined = true;
        await this.#remote.call('join', join(this.#home, 'data'));
      }
      this.#options.note?.(`${this.#dead.length} kills, ${this.#log.length} events`);
    }
    const left = this.#writers.splice(0);
    await Promise.all(left.map((writer) => this.#kill(writer)));
  }

  /** When nobody is left to write: what all has come to. */
  async settle(): Promise<StormReport> {
    const endAt = performance.now() + END_MS;
    while (this.#observer.jobs.some(isActive) && performance.now() < endAt) await pause(LOOK_MS);
    const { seq } = await this.#tasks.list();
    const table = await wholeTable(this.#tasks);
    const views = [this.#observer, ...this.#followers];
    for (const view of views) await view.reach(seq);
    const far = await this.#remote.call('reach', seq);
    for (const { jobs, faults } of [...views, far]) {
      this.#violations.push(...faults);
      if (!isDeepStrictEqual(jobs, table))
        this.#violations.push('a subscriber holds another table');
    }
    this.#violations.push(...inspect(join(this.#home, 'data/tasks.db')));
    const found = account(this.#log, this.#dead, this.#pids());
    this.#violations.push(...found.violations);
    this.holds = this.#violations.length === 0;
    const tally = new Tally({ writer: this.#dead.length });
    for (const words of found.words) tally.count('writer', words);
    const { kills, acknowledged, roles } = tally.figures;
    const { lostAfterMs, lostJobs, lossMs } = found;
    return {
      ...{ seed: this.#options.seed, kills, acknowledged, events: this.#log.length },
      ...{ inside: roles.writer?.inside ?? {}, violations: this.#violations },
      asked: this.#dead.filter(({ isAsked }) => isAsked).length,
      ...{ lostAfterMs, lostJobs, lossMs },
    };
  }

  async end(): Promise<void> {
    for (const { child } of this.#writers) child.kill('SIGKILL');
    await Promise.all(this.#writers.map(({ exit }) => exit));
    await Promise.all(
      [this.#observer, ...this.#followers].map((one) => one[Symbol.asyncDispose]()),
    );
    await this.#remote.kill();
    await this.#tasks.close();
  }

  /** One that is at its work; one in sixteen is hit at any moment of its start. */
  async #next(): Promise<Writer> {
    if (this.#random.int(16) === 0) return this.#random.pick(this.#writers);
    const endAt = performance.now() + START_MS;
    for (;;) {
      const ready = this.#writers.filter(({ journal }) => isAtWork(journal));
      if (ready.length > 0) return this.#random.pick(ready);
      if (performance.now() > endAt) throw new Error('no writer gets to its work');
      await pause(LOOK_MS);
    }
  }

  async #kill(writer: Writer): Promise<void> {
    const { child, journal, exit } = writer;
    if (child.exitCode !== null) {
      const said = readFileSync(saidBy(journal), 'utf8').slice(0, SAID_MAX);
      this.#violations.push(`a process ended by itself: ${journal}: ${said}`);
    }
    const index = this.#writers.indexOf(writer);
    if (index >= 0) this.#writers.splice(index, 1);
    const isAsked = this.#random.int(ASKED) === 0;
    const killedAt = Date.now();
    child.kill(isAsked ? 'SIGTERM' : 'SIGKILL');
    this.#dead.push({ pid: child.pid ?? 0, journal, killedAt, isAsked });
    const left = new AbortController();
    const late = pause(EXIT_MS, true, { signal: left.signal }).catch(() => false);
    if (await Promise.race([late, exit.then(() => false)])) {
      this.#violations.push(`a process that was asked to end did not: ${journal}`);
      child.kill('SIGKILL');
    }
    left.abort();
    await exit;
  }

  #spawn(): void {
    this.#born += 1;
    const journal = join(this.#home, `writer-${this.#born}`);
    const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const seed = String(this.#random.int(2 ** 32));
    const worker = join(import.meta.dirname, 'kill-worker.ts');
    const args = ['--disable-warning=HoldfastTasksWarning', worker];
    args.push(join(this.#home, 'data'), journal, seed, this.#options.fault ?? '');
    const said = openSync(saidBy(journal), 'w');
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'ignore', said] });
    closeSync(said);
    const exit = new Promise((resolve) => child.once('exit', resolve));
    this.#writers.push({ child, journal, exit });
  }

  #pids(): ReadonlyMap<number, number> {
    using database = new DatabaseSync(join(this.#home, 'data/tasks.db'), { readOnly: true });
    const rows = database.prepare('SELECT id, pid FROM owners').all();
    return new Map(rows.map(({ id, pid }) => [Number(id), Number(pid)]));
  }
}

/** Where a writer's standard error goes. */
function saidBy(journal: string): string {
  return `${journal}.said`;
}

/** What SQLite has to say of the file. */
function inspect(file: string): readonly string[] {
  using database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('PRAGMA integrity_check').all();
  return rows.map((row) => String(row.integrity_check)).filter((text) => text !== 'ok');
}
