import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../src/torture/declare/random.ts';
import { type Entry, holdOf, isAtWork, type LastWords, readLastWords } from './journal.ts';
import { type Count, Tally } from './tally.ts';

/** A process that is no more. */
export interface Dead<E extends Entry> {
  /** Its own directory. */
  readonly home: string;
  readonly role: string;
  readonly words: LastWords<E>;
}

/** What was found in a store. */
export interface Inspection {
  readonly violations: readonly string[];
  /** How many of the operations that were under way have happened. */
  readonly happened: number;
}

/** What the processes of a kill loop do, and what must be true of their store after a kill. */
export interface Scene<E extends Entry> {
  /**
   * The module that a victim runs. Arguments: directory of the store, its own directory, file of its
   * journal, seed, role, and the name of a deliberate fault, if any. Its input ends with us.
   */
  readonly worker: string;
  /** How many processes there are at once: for each store one of these is drawn. */
  readonly crews: readonly number[];
  /** Makes a change while others do. */
  readonly probe: (store: string) => Promise<void>;
  /** Looks for what these were told. Others may still be at work, but begin nothing if they know `holdOf`. */
  readonly inspect: (store: string, dead: readonly Dead<E>[]) => Promise<Inspection>;
}

export interface KillOptions {
  /** How many processes to kill, at least, of each role. */
  readonly kills: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly fault?: string | undefined;
  readonly note?: ((line: string) => void) | undefined;
}

export interface KillReport {
  readonly seed: number;
  readonly kills: number;
  /** Kills that hit a process between the begin and the end of an operation. */
  readonly inside: number;
  readonly roles: Readonly<Record<string, Count>>;
  /** Operations that had been acknowledged by processes that were killed. */
  readonly acknowledged: number;
  /** Of the operations that were under way, how many have happened. */
  readonly happened: number;
  /** How long the next change took at worst, opening included. */
  readonly worstRecoveryMs: number;
  readonly violations: readonly string[];
}

/** Kills before a store is left for a fresh one, so that first opens are hit as well. */
const KILLS_PER_STORE = 12;

/** Kills processes in the middle of their work and holds the store against what they were told. */
export async function runKillLoop<E extends Entry>(
  scene: Scene<E>,
  options: KillOptions,
): Promise<KillReport> {
  const tally = new Tally(options.kills);
  const random = new Random(String(options.seed));
  while (!tally.isFull && tally.violations.length === 0) {
    const arena = new Arena(scene, random, tally, options.fault ?? '');
    try {
      await arena.run();
    } finally {
      const isKept = tally.violations.length > 0 && options.fault === undefined;
      await arena.end(isKept);
    }
    if (tally.violations.length > 0 && options.fault === undefined)
      tally.violations.push(`the store is kept in ${arena.home}`);
    options.note?.(tally.line);
  }
  return { seed: options.seed, ...tally.figures };
}

interface Victim {
  readonly child: ChildProcess;
  readonly role: string;
  /** Resolves when it is dead, of itself or killed. */
  readonly dead: Promise<unknown>;
  readonly home: string;
  readonly journal: string;
}

/** One store and the processes that work on it. */
class Arena<E extends Entry> {
  readonly home = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-proof-')));
  readonly #scene: Scene<E>;
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #fault: string;
  readonly #victims: Victim[] = [];
  readonly #dead: Dead<E>[] = [];
  #born = 0;

  constructor(scene: Scene<E>, random: Random, tally: Tally, fault: string) {
    this.#scene = scene;
    this.#random = random;
    this.#tally = tally;
    this.#fault = fault;
  }

  /** Kills one by one, in the end all that are left at one moment, and looks at each of them again. */
  async run(): Promise<void> {
    const crew = this.#random.pick(this.#scene.crews);
    while (this.#victims.length < crew) this.#victims.push(this.#spawn());
    while (this.#isGoingOn()) {
      const index = this.#random.int(this.#victims.length);
      const [victim] = this.#victims.splice(index, 1);
      if (victim === undefined) throw new Error('there is nobody to kill');
      const killed = await this.#kill([victim]);
      // It starts while the store is looked at.
      this.#victims.push(this.#spawn());
      this.#tally.happened += await this.#inspect(killed);
    }
    if (this.#tally.violations.length > 0) return;
    this.#tally.happened += await this.#inspect(await this.#kill(this.#victims.splice(0)));
    await this.#inspect(this.#dead);
  }

  async end(keep: boolean): Promise<void> {
    for (const { child } of this.#victims) child.kill('SIGKILL');
    await Promise.all(this.#victims.map(({ dead }) => dead));
    if (!keep) rmSync(this.home, { recursive: true, force: true });
  }

  #isGoingOn(): boolean {
    if (this.#tally.violations.length > 0 || this.#tally.isFull) return false;
    return this.#dead.length + this.#victims.length < KILLS_PER_STORE;
  }

  async #kill(victims: readonly Victim[]): Promise<readonly Dead<E>[]> {
    for (const victim of victims) {
      const late = await untilReady(victim, this.#random.int(16));
      if (late) this.#tally.violations.push(late);
    }
    rmSync(holdOf(this.#store), { force: true });
    await pause(this.#random.int(100_000) / 1000);
    const killed: Dead<E>[] = [];
    const surprises: string[] = [];
    for (const victim of victims) {
      if (hasEnded(victim)) surprises.push(`a process ended by itself: ${victim.journal}`);
      victim.child.kill('SIGKILL');
    }
    for (const { dead, home, role, journal } of victims) {
      await dead;
      killed.push({ home, role, words: readLastWords<E>(journal) });
    }
    this.#dead.push(...killed);
    for (const { role, words } of killed) this.#tally.count(role, words);
    this.#tally.violations.push(...surprises);
    return killed;
  }

  async #inspect(dead: readonly Dead<E>[]): Promise<number> {
    const from = performance.now();
    await this.#scene.probe(this.#store);
    this.#tally.noteRecovery(performance.now() - from);
    writeFileSync(holdOf(this.#store), '');
    const found = await this.#scene.inspect(this.#store, dead);
    const { kills, violations } = this.#tally;
    violations.push(...found.violations.map((text) => `kill ${kills}: ${text}`));
    return found.happened;
  }

  get #store(): string {
    return join(this.home, 'data');
  }

  #spawn(): Victim {
    this.#born += 1;
    const role = this.#random.pick(this.#tally.wanted(this.#victims.map((one) => one.role)));
    const home = join(this.home, `victim-${this.#born}`);
    mkdirSync(home);
    const journal = join(home, 'journal');
    const seed = String(this.#random.int(2 ** 32));
    const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const args = [this.#scene.worker, this.#store, home, journal, seed, role, this.#fault];
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'ignore', 'inherit'] });
    const dead = new Promise((resolve) => child.once('exit', resolve));
    return { child, role, dead, home, journal };
  }
}

/** What others have left may not keep a process from its work for longer. */
const START_MS = 60_000;
const LOOK_MS = 2;

/** One in sixteen is hit at any moment of its start, one when it opens the store. */
async function untilReady(victim: Victim, lot: number): Promise<string | undefined> {
  if (lot === 0) return undefined;
  const { journal } = victim;
  const limitAt = performance.now() + START_MS;
  while (!(lot === 1 ? existsSync(journal) : isAtWork(journal)) && !hasEnded(victim)) {
    if (performance.now() > limitAt) return `a process did not get to its work: ${journal}`;
    await pause(LOOK_MS);
  }
  return undefined;
}

function hasEnded({ child }: Victim): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
