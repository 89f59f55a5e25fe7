import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { AnyDeclared } from '../declare/declaration.ts';
import { eventsOf, writeHistory } from '../declare/history.ts';
import type { Operation } from '../declare/operation.ts';
import { clientCount, defaultPlan, type Plan } from '../declare/plan.ts';
import { type DirectoryImage, readImage } from '../faults/directory-image.ts';
import { type Crashed, judgeImages } from '../judge/crash-judge.ts';
import { judgeDamage } from '../judge/damage-judge.ts';
import { Inspector } from '../judge/inspector.ts';
import { type Judgement, judge, nextProcess } from '../judge/judge.ts';
import { patient } from '../judge/patient.ts';
import type { Verdict, Violation } from '../judge/verdict.ts';
import { Violations } from '../judge/violations.ts';
import type { FaultReport, LeakReport, RunReport } from '../report/report.ts';
import { Tally } from '../report/tally.ts';
import { realWorld } from '../world/real-world.ts';
import { prepareConditions } from './conditions.ts';
import { type Creation, createStore } from './creation.ts';
import { mergeFaults, unfitReports } from './fault-reports.ts';
import { jobOf } from './job.ts';
import { leakViolation, seekLeaksIn } from './leak-run.ts';
import { type CrashImage, isStrike, Nemesis } from './nemesis.ts';
import { workerKind } from './pool-set.ts';
import { type Repetition, runRepetition } from './repetition.ts';
import type { RunOptions } from './run-options.ts';
import { runSimulated } from './simulated-run.ts';
import { createSlotFile, type SlotStorage, sharedSlots } from './slots.ts';
import type { WatchdogOptions } from './watchdog.ts';

/** As many times the planned repetitions are run until they show something. */
const TRIES = 20;
/** And no longer than this part of the limit, so that the run does not end by it. */
const TRIES_LIMIT = 0.25;

/** Kinds of violations beyond that say nothing new. */
const KINDS_MAX = 20;

/**
 * Runs a declaration in one mode and judges what happened. A store that misbehaves is a verdict,
 * not an exception.
 * @throws the reason of the signal
 */
export async function runDeclared(declared: AnyDeclared, options: RunOptions): Promise<RunReport> {
  if (options.mode === 'interleave') return runSimulated(declared, options);
  const base = mkdtempSync(join(tmpdir(), 'holdfast-torture-'));
  try {
    return await new Run(declared, options, base).report();
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

/** One declaration in one mode, repetition by repetition. */
class Run {
  readonly #declared: AnyDeclared;
  readonly #options: RunOptions;
  readonly #base: string;
  readonly #startedAt = process.hrtime.bigint();
  readonly #plan: Plan;
  readonly #tally: Tally;
  readonly #violations = new Violations();
  readonly #doubts = new Set<string>();
  readonly #notes = new Set<string>();
  readonly #faults: FaultReport[] = [];
  readonly #inspector: Inspector;
  #workers = 0;
  #isCreated = true;

  constructor(declared: AnyDeclared, options: RunOptions, base: string) {
    const { mode, full, workload, pool, signal } = options;
    this.#declared = declared;
    this.#options = options;
    this.#base = base;
    this.#plan =
      declared.plan?.({ mode, full }) ?? defaultPlan(Object.keys(declared.ops), workload);
    this.#tally = new Tally(this.#plan.phases);
    this.#inspector = new Inspector({ pool: pool.behind([]), slots: this.#idleSlots(), signal });
  }

  async report(): Promise<RunReport> {
    await using _ = this.#inspector;
    const { repeats = 1, phases } = this.#plan;
    let done = 0;
    for (let goesOn = true; goesOn && this.#isDue(done, repeats); done += 1) {
      goesOn = await this.#repeat(done);
      this.#options.onProgress?.({
        repeat: done + 1,
        repeats: Math.max(repeats, done + 1),
        operations: this.#tally.operations,
        violations: this.#violations.total,
      });
    }
    const leaks = await this.#seekLeaks();
    const figures = this.#tally.figures();
    const clients = clientCount(phases);
    if (this.#lacksOverlap()) {
      this.#doubts.add('no operation overlapped one of another client');
    }
    if (this.#lacksHits()) this.#doubts.add('no client was at work when it was to be harmed');
    const { kinds, total } = this.#violations;
    if (kinds.length > KINDS_MAX) {
      this.#notes.add(`${total} violations of ${kinds.length} kinds, ${KINDS_MAX} of them listed`);
    }
    const { mode, seed, title, target, again } = this.#options;
    const verdict = this.#verdict();
    return {
      ...{ name: this.#declared.name, title, target, mode, seed, replay: again, verdict },
      reason: verdict === 'unknown' ? [...this.#doubts].join('; ') : undefined,
      // Each call of the command line is a process, and each client has one at a time.
      workers: mode === 'cli' ? clients : this.#workers,
      clients,
      repeats: done,
      ...figures,
      ...{ leaks, schedules: undefined },
      faults: mergeFaults([...this.#faults, ...unfitReports(this.#options)]),
      violations: kinds.slice(0, KINDS_MAX),
      notes: [...this.#notes],
      durationMs: this.#elapsed() / 1e6,
    };
  }

  /**
   * A busy machine may run the clients one after the other, and a fast store may be done before
   * anybody is harmed: that shows nothing, so try again.
   */
  #isDue(done: number, planned: number): boolean {
    if (done < planned) return true;
    if (this.#violations.total > 0) return false;
    const isInTime = this.#elapsed() / 1e6 < this.#options.limitMs * TRIES_LIMIT;
    const isVain = this.#lacksOverlap() || this.#lacksHits();
    return isInTime && done < planned * TRIES && isVain;
  }

  #lacksOverlap(): boolean {
    return clientCount(this.#plan.phases) > 1 && this.#tally.maxConcurrency < 2;
  }

  #lacksHits(): boolean {
    if (!this.#hasProcesses || !this.#options.faults?.some(isStrike)) return false;
    const strikes: readonly string[] = this.#options.faults
      .filter(isStrike)
      .map(({ kind }) => kind);
    const harmed = this.#faults.filter(({ fault }) => strikes.includes(fault));
    return harmed.every(({ hit, skipped }) => hit === 0 && skipped === undefined);
  }

  /** One store from `create` to its removal; answers whether another one makes sense. */
  async #repeat(repeat: number): Promise<boolean> {
    const declared = this.#declared;
    const { mode, full, workload, seed, faults = [], pool, stallMs, signal } = this.#options;
    const size = { mode, full };
    const kind = workerKind(mode);
    const rigDir = join(this.#base, `rig-${repeat}`);
    const storeDir = join(this.#base, `store-${repeat}`);
    await using conditions = await prepareConditions(faults, { dir: storeDir, rigDir, kind });
    await using own = conditions.launch.length > 0 ? pool.behind(conditions.launch) : undefined;
    const { dir } = conditions;
    const creation = await this.#create(dir, repeat);
    if (creation.kind !== 'created') {
      this.#blameCreation(creation, { repeat, forgives: conditions.areHard });
      return false;
    }
    const { shared } = creation;
    const nemesis = this.#nemesis(dir, repeat);
    const older = faults.some(({ kind }) => kind === 'damage') ? readImage(dir) : undefined;
    const repetition = await runRepetition({
      ...{ declared, workload, size, shared, seed, repeat, kind, nemesis, signal },
      phases: this.#plan.phases,
      startedAt: this.#startedAt,
      pool: own ?? pool,
      dir: rigDir,
      storeDir: dir,
      watchdog: this.#watchdog,
    });
    this.#workers = Math.max(this.#workers, repetition.workers);
    this.#tally.add(repetition.operations, repetition.workers);
    this.#keep(repetition, repeat);
    await conditions.relax();
    const upset = repetition.operations.filter(isUpset).length;
    this.#faults.push(...(nemesis?.reports() ?? []), ...conditions.reports(upset));
    await this.#judge(
      { declared: patient(declared, { limitMs: stallMs, signal }), shared, repetition, dir },
      { repeat, images: nemesis?.images, older, forgives: conditions.areHard },
    );
    rmSync(dir, { recursive: true, force: true });
    rmSync(rigDir, { recursive: true, force: true });
    const isEnough = this.#options.bails && this.#violations.total > 0;
    return !repetition.stall && !isEnough;
  }

  /** Judges what is left, then what crashes would have left, then what damage would. */
  async #judge(
    crashed: Crashed,
    {
      repeat,
      images,
      older,
      forgives,
    }: {
      readonly repeat: number;
      readonly images: readonly CrashImage[] | undefined;
      readonly older: DirectoryImage | undefined;
      readonly forgives: boolean;
    },
  ): Promise<void> {
    const { declared, shared, repetition } = crashed;
    const { mode, full, workload, seed, faults = [], stallMs, signal } = this.#options;
    const job = jobOf({ declared, workload, size: { mode, full }, shared, seed, repeat });
    const settled = { repeat, clock: () => this.#elapsed(), world: realWorld };
    const isWhole = !repetition.stall && repetition.failures.length === 0;
    const inspect = async (operations: readonly Operation[]) => {
      if (images === undefined || !isWhole) return undefined;
      const clientCount = nextProcess(operations);
      return this.#inspector.inspect({ ...job, clientCount }, this.#elapsed(), stallMs);
    };
    const inspection = await inspect(repetition.operations);
    const found = await judge(declared, shared, repetition, { ...settled, forgives, inspection });
    signal?.throwIfAborted();
    this.#take(found);
    // What a broken run has left says nothing new.
    if (found.violations.length > 0) return;
    for await (const judgement of judgeImages(crashed, images ?? [], { ...settled, inspect })) {
      this.#take(judgement);
    }
    const damage = faults.find((fault) => fault.kind === 'damage');
    if (damage && older) {
      const options = { ...settled, fault: damage, seed, older, job, stallMs };
      const judgement = await judgeDamage(crashed, { ...options, inspector: this.#inspector });
      this.#faults.push(judgement.report);
      this.#take(judgement);
    }
  }

  #create(dir: string, repeat: number): Promise<Creation> {
    const { mode, full, seed, subject, stallMs, limitMs, signal } = this.#options;
    const context = { mode, full, dir, seed, repeat, subject, world: realWorld };
    return createStore(this.#declared, context, { limitMs: Math.min(stallMs, limitMs), signal });
  }

  /** In hard conditions it may fail, and in a short run take too long. */
  #blameCreation(
    { kind, reason }: Exclude<Creation, { readonly kind: 'created' }>,
    { repeat, forgives }: { readonly repeat: number; readonly forgives: boolean },
  ): void {
    this.#isCreated = false;
    const { stallMs, limitMs } = this.#options;
    const isLate = kind === 'hung' && limitMs < stallMs;
    if (forgives || isLate) this.#doubts.add(reason);
    else {
      this.#violations.add({
        invariant: 'create',
        message: reason,
        repeat,
        operations: [],
        alike: 0,
      });
    }
  }

  get #watchdog(): WatchdogOptions {
    const { stallMs, limitMs } = this.#options;
    return { stallMs, limitAt: this.#startedAt + BigInt(Math.round(limitMs * 1e6)) };
  }

  #idleSlots(): SlotStorage {
    if (!this.#hasProcesses) return sharedSlots(1);
    const file = join(this.#base, 'idle-slots');
    createSlotFile(file, 1);
    return { file };
  }

  get #hasProcesses(): boolean {
    return workerKind(this.#options.mode) === 'processes';
  }

  #nemesis(dir: string, repeat: number): Nemesis | undefined {
    const { seed, faults = [] } = this.#options;
    const strikes = faults.filter(isStrike);
    if (strikes.length === 0 || !this.#hasProcesses) return undefined;
    return new Nemesis({ faults: strikes, seed, repeat, dir, clock: () => this.#elapsed() });
  }

  /** In a process of its own, after all else. */
  async #seekLeaks(): Promise<readonly LeakReport[]> {
    const declared = this.#declared;
    const { mode, full, workload, seed, stallMs, signal } = this.#options;
    if (!declared.expect?.includes('no-leak') || !this.#hasProcesses) return [];
    if (!this.#isCreated) return [];
    const dir = join(this.#base, 'leaks');
    mkdirSync(dir);
    const creation = await this.#create(dir, 0);
    if (creation.kind !== 'created') {
      this.#blameCreation(creation, { repeat: 0, forgives: false });
      return [];
    }
    const { shared } = creation;
    const job = jobOf({ declared, workload, size: { mode, full }, shared, seed, repeat: 0 });
    const limitMs = Math.max(stallMs, this.#options.limitMs - this.#elapsed() / 1e6);
    const { leaks, doubt } = await seekLeaksIn(job, dir, { limitMs, signal });
    if (doubt !== undefined) this.#doubts.add(doubt);
    for (const leak of leaks.filter(({ isLeak }) => isLeak)) {
      this.#violations.add({ ...leakViolation(leak), repeat: 0, operations: [], alike: 0 });
    }
    return leaks;
  }

  #take(found: Judgement): void {
    for (const violation of found.violations) this.#violations.add(this.#withTest(violation));
    for (const doubt of found.doubts) this.#doubts.add(doubt);
    for (const note of found.notes) this.#notes.add(note);
  }

  #withTest(violation: Violation): Violation {
    const { counterexample } = violation;
    if (counterexample === undefined) return violation;
    const test = this.#options.regressionTest?.(counterexample);
    return { ...violation, counterexample: { ...counterexample, test } };
  }

  #keep(repetition: Repetition, repeat: number): void {
    const { historyFile } = this.#options;
    if (historyFile === undefined) return;
    const events = eventsOf(repetition.operations, this.#declared.model?.partition);
    const extension = extname(historyFile);
    const stem = historyFile.slice(0, historyFile.length - extension.length);
    const isOnly = (this.#plan.repeats ?? 1) === 1 && repeat === 0;
    writeHistory(isOnly ? historyFile : `${stem}-${repeat}${extension}`, events);
  }

  #elapsed(): number {
    return Number(process.hrtime.bigint() - this.#startedAt);
  }

  #verdict(): Verdict {
    if (this.#violations.total > 0) return 'violation';
    return this.#doubts.size > 0 ? 'unknown' : 'ok';
  }
}

/** Whether it came back and had not succeeded. */
function isUpset({ outcome, returnedAt }: Operation): boolean {
  return outcome !== 'ok' && returnedAt !== undefined;
}
