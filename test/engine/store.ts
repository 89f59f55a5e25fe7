import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Schema } from '../../src/engine/engine.ts';
import { openSqlite, type SqliteOptions } from '../../src/engine/sqlite.ts';
import { type Effect, one, run, runWith, type Steps, Warm } from '../../src/engine/steps.ts';

/** One table of numbered values, and one whose foreign keys are looked at only at COMMIT. */
export const cells: Schema = {
  version: 1,
  *found() {
    return (yield* one("SELECT 1 FROM sqlite_master WHERE name = 'cells'")) ? 1 : 0;
  },
  *migrate() {
    yield* run(
      'CREATE TABLE cells (id INTEGER PRIMARY KEY, value INTEGER NOT NULL, pad TEXT) STRICT',
    );
    yield* run(`CREATE TABLE links (id INTEGER PRIMARY KEY, cell INTEGER NOT NULL
      REFERENCES cells (id) DEFERRABLE INITIALLY DEFERRED) STRICT`);
    // Would fail if it ran twice.
    yield* run('INSERT INTO cells VALUES (1, 0, NULL)');
  },
};

/** A newer shape of the same file. */
export const cellsTwo: Schema = {
  version: 2,
  *found() {
    const two = yield* one("SELECT 1 FROM sqlite_master WHERE name = 'more'");
    return two ? 2 : yield* cells.found();
  },
  *migrate(from) {
    if (from === 0) yield* cells.migrate(0);
    yield* run('CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT');
  },
};

/** `cells` as a process sees it that knows of `cellsTwo` only that it is newer. */
export const cellsOne: Schema = { ...cells, found: cellsTwo.found };

export function directoryOf(t: TestContext): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-engine-')));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export async function openCells(t: TestContext, options: Partial<SqliteOptions> = {}) {
  const file = options.file ?? join(directoryOf(t), 'data', 'cells.db');
  const engine = await openSqlite({ schema: cells, durability: 'process', ...options, file });
  t.after(() => engine.close());
  return { engine, file };
}

export function* setCell(id: number, value: number): Steps<void> {
  yield* run(
    'INSERT INTO cells (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
    id,
    value,
  );
}

export function* getCell(id: number): Steps<number | undefined> {
  return (yield* one<{ value: number }>('SELECT value FROM cells WHERE id = ?', id))?.value;
}

const SET_FIRST = 'UPDATE cells SET value = ? WHERE id = 1';

export function* increment(): Steps<number> {
  const next = ((yield* getCell(1)) ?? 0) + 1;
  yield* run(SET_FIRST, next);
  return next;
}

/** Says what it does to a `warmCell`, so that this is kept. */
export function* incrementWith(warm: Warm<{ value: number }>): Steps<number> {
  const before = (yield* getCell(1)) ?? 0;
  yield* runWith([setting(warm, before, before + 1)], SET_FIRST, before + 1);
  return before + 1;
}

function setting(warm: Warm<{ value: number }>, from: number, to: number): Effect {
  return warm.effect(
    (cell) => {
      cell.value = to;
    },
    (cell) => {
      cell.value = from;
    },
  );
}

/** The first cell, kept warm. */
export function warmCell(): Warm<{ value: number }> {
  return new Warm(function* () {
    return { value: (yield* getCell(1)) ?? 0 };
  });
}

export interface Child {
  readonly process: ChildProcess;
  readonly exited: Promise<{ readonly code: number | null; readonly out: string }>;
  /** Resolves when the child has printed `text`. */
  printed(text: string): Promise<void>;
}

/** Runs `worker.ts` in a role; see there. */
export function startWorker(t: TestContext, role: string, ...args: string[]): Child {
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const worker = join(import.meta.dirname, 'worker.ts');
  return startCommand(t, process.execPath, [worker, role, ...args], env);
}

export function startCommand(
  t: TestContext,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Child {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let out = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    for (const listener of listeners) listener();
  });
  const exited = new Promise<{ code: number | null; out: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, out }));
  });
  const printed = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (out.includes(text)) resolve();
      };
      listeners.add(look);
      look();
      exited.then(() => reject(new Error(`the child ended without printing ${text}: ${out}`)));
    });
  return { process: child, exited, printed };
}
