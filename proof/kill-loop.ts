import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPolicy, Ports, validateStore } from '../src/ports.ts';
import { differences, type Holdings, KINDS, type Kind, readLastWords } from './kill-log.ts';

export interface KillOptions {
  /** Processes to kill. */
  readonly rounds: number;
  readonly seed: number;
  /** A deliberate fault of the victims: they acknowledge before the write has resolved. */
  readonly early?: boolean;
  readonly note?: (line: string) => void;
}

export interface KillReport {
  readonly seed: number;
  readonly rounds: number;
  /** Kills that hit a process between the begin and the end of an operation, by its kind. */
  readonly inside: Readonly<Record<Kind, number>>;
  readonly insideTotal: number;
  /** Operations that had been acknowledged by processes that were killed. */
  readonly acknowledged: number;
  /** How long the next reservation took after a kill, ms, at worst. */
  readonly worstRecoveryMs: number;
  readonly violations: readonly string[];
}

const VICTIMS = 3;
/** Kills before a store is left for a fresh one, so that first opens are hit as well. */
const KILLS_PER_STORE = 12;

/** Kills processes in the middle of their work and holds the file against what they were told. */
export async function runKillLoop(options: KillOptions): Promise<KillReport> {
  const inside = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  const violations: string[] = [];
  const score = { rounds: 0, acknowledged: 0, worstRecoveryMs: 0 };
  let seed = options.seed >>> 0;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  while (score.rounds < options.rounds && violations.length === 0) {
    const arena = new Arena(random, options.early ?? false);
    try {
      const kills = Math.min(KILLS_PER_STORE, options.rounds - score.rounds);
      for (let kill = 0; kill < kills; kill++) {
        const result = await arena.killOne();
        score.rounds += 1;
        score.acknowledged += result.acknowledged;
        score.worstRecoveryMs = Math.max(score.worstRecoveryMs, result.recoveryMs);
        if (result.inside) inside[result.inside] += 1;
        violations.push(...result.violations.map((text) => `kill ${score.rounds}: ${text}`));
        if (violations.length > 0) break;
      }
    } finally {
      await arena.end(violations.length > 0);
    }
    if (violations.length > 0) violations.push(`the store is kept in ${arena.directory}`);
    options.note?.(
      `${score.rounds} of ${options.rounds} kills, ${total(inside)} inside an operation`,
    );
  }
  return { seed: options.seed, ...score, inside, insideTotal: total(inside), violations };
}

function total(inside: Readonly<Record<Kind, number>>): number {
  return Object.values(inside).reduce((sum, count) => sum + count, 0);
}

interface Victim {
  readonly child: ChildProcess;
  /** Resolves when it is dead, of itself or killed. */
  readonly dead: Promise<unknown>;
  readonly home: string;
  readonly log: string;
}

interface KillResult {
  readonly inside: Kind | undefined;
  readonly acknowledged: number;
  readonly recoveryMs: number;
  readonly violations: readonly string[];
}

/** One store and the processes that work on it. */
class Arena {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-proof-')));
  readonly #data = join(this.directory, 'data');
  readonly #random: () => number;
  readonly #early: boolean;
  readonly #victims: Victim[] = [];
  #born = 0;

  constructor(random: () => number, early: boolean) {
    this.#random = random;
    this.#early = early;
    for (let count = 0; count < VICTIMS; count++) this.#victims.push(this.#spawn());
  }

  async killOne(): Promise<KillResult> {
    const index = Math.floor(this.#random() * this.#victims.length);
    const [victim] = this.#victims.splice(index, 1);
    if (!victim) throw new Error('there is nobody to kill');
    // One in eight is hit at any moment of its start; the others when they are at work.
    if (this.#random() > 1 / 8) await atWork(victim);
    await new Promise((resolve) => setTimeout(resolve, this.#random() * 100));
    const diedItself = victim.child.exitCode !== null;
    victim.child.kill('SIGKILL');
    await victim.dead;
    const words = readLastWords(victim.log);
    const { violations, recoveryMs } = await this.#inspect(victim, words);
    if (diedItself) violations.push(`a process ended by itself: ${JSON.stringify(words.inside)}`);
    this.#victims.push(this.#spawn());
    const acknowledged = words.acknowledged.length;
    return { inside: words.inside?.kind, acknowledged, recoveryMs, violations };
  }

  async end(keep: boolean): Promise<void> {
    for (const { child } of this.#victims) child.kill('SIGKILL');
    await Promise.all(this.#victims.map(({ dead }) => dead));
    if (!keep) rmSync(this.directory, { recursive: true, force: true });
  }

  async #inspect(victim: Victim, words: ReturnType<typeof readLastWords>) {
    const policy = { min: 1024, max: 65_535, autoprune: false, autoexpire: false };
    const occupancy = { ...defaultPolicy.occupancy, skip: true };
    const from = performance.now();
    await using ports = await Ports.open({
      dir: this.#data,
      policy: { ...policy, occupancy },
      durability: 'process',
    });
    await ports.reserve(join(this.directory, `after-${this.#born}`));
    const recoveryMs = performance.now() - from;
    const rows = new Map<string, number[]>();
    for await (const { path, port } of ports.all({ path: victim.home })) {
      const held = rows.get(path);
      if (held) held.push(port);
      else rows.set(path, [port]);
    }
    const violations = differences(words, rows satisfies Holdings);
    for (const { message } of await validateStore(this.#data)) violations.push(message);
    return { violations, recoveryMs };
  }

  #spawn(): Victim {
    this.#born += 1;
    const home = join(this.directory, `victim-${this.#born}`);
    mkdirSync(join(home, 'k0'), { recursive: true });
    const log = join(home, 'log');
    const seed = String(Math.floor(this.#random() * 2 ** 32));
    const file = join(import.meta.dirname, 'kill-worker.ts');
    const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const args = [file, this.#data, home, log, seed, ...(this.#early ? ['early'] : [])];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    return { child, dead: new Promise((resolve) => child.once('exit', resolve)), home, log };
  }
}

async function atWork({ child, log }: Victim): Promise<void> {
  while (!existsSync(log) && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
