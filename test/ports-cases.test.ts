import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

// The behaviour of `holdfast ports` as cases: lines of JSON, each a series of steps. A step sets
// files, sockets and locks up, calls the CLI, and says what must come of it.

type Text = string | readonly string[];
type Fields = Readonly<Record<string, unknown>>;

interface Expected {
  readonly exit?: number | 'nonzero' | readonly number[];
  readonly rows?: readonly Fields[];
  readonly rows_count?: number;
  readonly rows_gt?: Readonly<Record<string, number>>;
  readonly exists?: readonly string[];
  readonly not_exists?: readonly string[];
  readonly file_contains?: Readonly<Record<string, readonly string[]>>;
  readonly file_equals?: Readonly<Record<string, string>>;
  readonly json_len?: number;
  readonly json_has?: Fields;
  readonly json_keys?: readonly string[];
  readonly stdout_not_equals?: string;
  readonly stdout_port_in?: readonly [number, number];
  readonly elapsed?: readonly [number, number];
  /** `stdout…` and `stderr…` with the suffixes of `checkStream`. */
  readonly [stream: `${'stdout' | 'stderr'}${string}`]: unknown;
}

interface Step {
  readonly args?: readonly string[];
  readonly expect?: Expected;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly mkdir?: readonly string[];
  readonly rm?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly symlink?: Readonly<Record<string, string>>;
  readonly git?: Readonly<Record<string, string>>;
  readonly git_worktree?: Readonly<Record<string, string>>;
  readonly sql?: string;
  readonly hold_tcp?: boolean;
  readonly hold_udp?: boolean;
  /** An outside BEGIN IMMEDIATE: until the step ends, or for so many seconds. */
  readonly hold_lock?: boolean | number;
  readonly save?: string;
}

interface Case {
  readonly name: string;
  readonly optional?: boolean;
  readonly steps: readonly Step[];
}

const root = join(import.meta.dirname, '..');
const bin = join(root, 'bin', 'holdfast.js');
const run = promisify(execFile);

const cases: Case[] = readFileSync(join(import.meta.dirname, 'fixtures/ports-cases.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));

describe('holdfast ports behaves as its cases say', { concurrency: 2 }, () => {
  for (const one of cases) test(one.name, { timeout: 120_000 }, () => runCase(one));
});

async function runCase({ steps }: Case): Promise<void> {
  const temp = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-case-')));
  const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-case-')));
  try {
    const values = await placeholders(temp);
    for (const [index, step] of steps.entries()) {
      await setUp(step, values);
      if (step.args) await runStep(step, `step ${index}`, values, elsewhere);
    }
  } finally {
    rmSync(temp, { recursive: true, force: true });
    rmSync(elsewhere, { recursive: true, force: true });
  }
}

type Placeholders = Map<string, string>;

async function placeholders(temp: string): Promise<Placeholders> {
  const free = await freePorts(2);
  const busy = await freePorts(2);
  const udp = await freePorts(1);
  return new Map(
    Object.entries({
      TMP: temp,
      DATA: `${temp}/trop-data`,
      FREE1: String(free),
      FREE2: String(free + 1),
      BUSYN: String(busy),
      BUSY: String(busy + 1),
      BUSYMIN: String(busy),
      BUSYMAX: String(busy + 1),
      UDPBUSY: String(udp),
    }),
  );
}

// Below every ephemeral range, and another stretch for each process that runs this file.
let nextPort = 21_000 + ((process.pid * 37) % 8000);

/** The first of `count` adjacent ports that nobody has and no other case gets. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = nextPort;
    nextPort = first + count + 1 > 31_000 ? 21_000 : first + count + 1;
    const ports = Array.from({ length: count }, (_, offset) => first + offset);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  const socket = dgram.createSocket('udp4');
  try {
    server.listen(port, '127.0.0.1');
    socket.bind(port, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(socket, 'listening')]);
    return true;
  } catch {
    return false;
  } finally {
    server.close();
    socket.close();
  }
}

function fill(text: string, values: Placeholders): string {
  return text.replace(/\{([A-Z0-9]+)\}/g, (whole, name: string) => values.get(name) ?? whole);
}

function fillAll<T>(value: T, values: Placeholders): T {
  return JSON.parse(JSON.stringify(value), (_, item) => {
    if (typeof item === 'string') return fill(item, values);
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).map(([key, at]) => [fill(key, values), at]));
  });
}

async function setUp(raw: Step, values: Placeholders): Promise<void> {
  const { args: _args, expect: _expect, env: _env, ...parts } = raw;
  const step = fillAll(parts, values);
  for (const dir of step.mkdir ?? []) mkdirSync(dir, { recursive: true });
  for (const [dir, branch] of Object.entries(step.git ?? {})) await makeRepository(dir, branch);
  for (const [dir, main] of Object.entries(step.git_worktree ?? {})) {
    await git(main, 'worktree', 'add', '-q', '-b', 'wt-branch', dir);
  }
  for (const [file, content] of Object.entries(step.files ?? {})) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  for (const [link, target] of Object.entries(step.symlink ?? {})) symlinkSync(target, link);
  for (const path of step.rm ?? []) rmSync(path, { recursive: true, force: true });
  if (step.sql !== undefined) withDatabase(values, (database) => database.exec(step.sql ?? ''));
}

async function makeRepository(dir: string, branch: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  if (!existsSync(`${dir}/.git`)) {
    await git(dir, 'init', '-q');
    writeFileSync(`${dir}/README.md`, 'x\n');
    await git(dir, 'add', '.');
    await git(dir, '-c', 'user.name=t', '-c', 'user.email=t@e', 'commit', '-qm', 'c');
  }
  await git(dir, 'checkout', '-q', '-b', branch);
}

async function git(cwd: string, ...args: readonly string[]): Promise<void> {
  await run('git', args, { cwd, env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' } });
}

function withDatabase<T>(values: Placeholders, body: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(`${values.get('DATA')}/ports.db`);
  try {
    return body(database);
  } finally {
    database.close();
  }
}

interface Outcome {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

async function runStep(
  step: Step,
  label: string,
  values: Placeholders,
  elsewhere: string,
): Promise<void> {
  const { args, cwd, env } = fillAll({ args: step.args, cwd: step.cwd, env: step.env }, values);
  const release = await hold(step, values);
  const dir = cwd ?? elsewhere;
  mkdirSync(dir, { recursive: true });
  let outcome: Outcome;
  try {
    outcome = await call(args ?? [], dir, { TROP_DATA_DIR: values.get('DATA') ?? '', ...env });
  } finally {
    release();
  }
  const said = `${label}: ${args?.join(' ')}\n${JSON.stringify(outcome, null, 2)}`;
  check(step.expect ?? {}, outcome, values, said);
  if (step.save !== undefined) values.set(step.save, outcome.stdout.replace(/\n+$/, ''));
}

/** Takes what the step wants taken; the answer gives it back. */
async function hold(step: Step, values: Placeholders): Promise<() => void> {
  const releases: (() => void)[] = [];
  if (step.hold_tcp) {
    const server = net.createServer().listen(Number(values.get('BUSY')), '127.0.0.1');
    await once(server, 'listening');
    releases.push(() => server.close());
  }
  if (step.hold_udp) {
    const socket = dgram.createSocket('udp4').bind(Number(values.get('UDPBUSY')), '127.0.0.1');
    await once(socket, 'listening');
    releases.push(() => socket.close());
  }
  if (step.hold_lock) {
    const database = new DatabaseSync(`${values.get('DATA')}/ports.db`);
    database.exec('BEGIN IMMEDIATE');
    const unlock = () => {
      if (database.isOpen) database.close();
    };
    if (typeof step.hold_lock === 'number') setTimeout(unlock, step.hold_lock * 1000);
    releases.push(unlock);
  }
  return () => {
    for (const release of releases) release();
  };
}

const UNWANTED =
  /^(TROP_|HOLDFAST_)|^(ZSH_VERSION|FISH_VERSION|PSModulePath|NODE_EXTRA_CA_CERTS|NODE_TEST_CONTEXT)$/;

async function call(
  args: readonly string[],
  cwd: string,
  extra: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const kept = Object.entries(process.env).filter(([name]) => !UNWANTED.test(name));
  const env = { ...Object.fromEntries(kept), ...extra };
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const line = [bin, 'ports', ...args];
    execFile(process.execPath, line, { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(error);
      const seconds = (performance.now() - startedAt) / 1000;
      resolve({ exit: Number(error?.code ?? 0), stdout, stderr, seconds });
    });
  });
}

function check(raw: Expected, outcome: Outcome, values: Placeholders, said: string): void {
  const patterns = { stdout: raw.stdout_matches, stderr: raw.stderr_matches };
  const expected = fillAll(raw, values);
  checkExit(expected.exit ?? 0, outcome.exit, said);
  for (const stream of ['stdout', 'stderr'] as const) {
    checkStream(stream, expected, outcome[stream], said);
    const pattern = patterns[stream];
    if (pattern !== undefined) assert.match(outcome[stream], regex(String(pattern), values), said);
  }
  checkResult(expected, outcome, said);
  checkJson(expected, outcome.stdout, said);
  checkRows(expected, values, said);
  checkFiles(expected, said);
}

function checkExit(expected: NonNullable<Expected['exit']>, exit: number, said: string): void {
  if (expected === 'nonzero') assert.notEqual(exit, 0, said);
  else if (typeof expected === 'number') assert.equal(exit, expected, said);
  else assert.ok(expected.includes(exit), `exit ${expected.join(' or ')} expected: ${said}`);
}

function texts(value: unknown): readonly string[] {
  return value === undefined ? [] : (value as Text[]).map(String);
}

function checkStream(
  stream: 'stdout' | 'stderr',
  expected: Expected,
  text: string,
  said: string,
): void {
  const of = (suffix: string) => expected[`${stream}${suffix}`];
  if (of('') !== undefined) assert.equal(text, of(''), said);
  for (const part of texts(of('_contains'))) {
    assert.ok(text.includes(part), `${stream} lacks ${JSON.stringify(part)}: ${said}`);
  }
  const any = texts(of('_contains_any'));
  if (any.length > 0) {
    assert.ok(
      any.some((part) => text.includes(part)),
      `${stream} lacks all of ${any}: ${said}`,
    );
  }
  for (const part of texts(of('_not_contains'))) {
    assert.ok(!text.includes(part), `${stream} holds ${JSON.stringify(part)}: ${said}`);
  }
  const start = of('_starts');
  if (start !== undefined) assert.ok(text.startsWith(String(start)), `${stream} start: ${said}`);
  const lines = of('_lines');
  if (lines !== undefined) assert.equal(text.split('\n').length - 1, lines, said);
}

/** A Python expression with its placeholders as literal text. */
function regex(pattern: string, values: Placeholders): RegExp {
  const source = pattern
    .replace(/^\(\?m\)/, '')
    .replace(/\{([A-Z0-9]+)\}/g, (whole, name: string) => {
      const value = values.get(name);
      return value === undefined ? whole : RegExp.escape(value);
    });
  return new RegExp(source, pattern.startsWith('(?m)') ? 'm' : '');
}

function checkResult(expected: Expected, { stdout, seconds }: Outcome, said: string): void {
  if (expected.stdout_not_equals !== undefined) {
    assert.notEqual(stdout, expected.stdout_not_equals, said);
  }
  if (expected.stdout_port_in) {
    const [low, high] = expected.stdout_port_in;
    assert.match(stdout.trim(), /^\d+$/, said);
    assert.ok(Number(stdout) >= low && Number(stdout) <= high, said);
  }
  if (expected.elapsed) {
    const [least, most] = expected.elapsed;
    assert.ok(seconds >= least && seconds <= most, `took ${seconds} s: ${said}`);
  }
}

function checkJson(expected: Expected, stdout: string, said: string): void {
  const { json_has: has = {}, json_keys: keys = [], json_len: length } = expected;
  if (length === undefined && keys.length === 0 && Object.keys(has).length === 0) return;
  const json: unknown = JSON.parse(stdout);
  if (length !== undefined) assert.equal(Array.isArray(json) && json.length, length, said);
  for (const [path, value] of Object.entries(has)) assertSame(at(json, path), value, path, said);
  for (const key of keys) assert.notEqual(at(json, `0.${key}`), undefined, `${key}: ${said}`);
}

function at(json: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Fields)[key], json);
}

/** Numbers that came out of a placeholder are text. */
function assertSame(found: unknown, value: unknown, what: string, said: string): void {
  const [a, b] = found === null || value === null ? [found, value] : [`${found}`, `${value}`];
  assert.equal(a, b, `${what}: ${said}`);
}

function checkRows(expected: Expected, values: Placeholders, said: string): void {
  if (!expected.rows && expected.rows_count === undefined && !expected.rows_gt) return;
  const rows: Fields[] = existsSync(`${values.get('DATA')}/ports.db`)
    ? withDatabase(values, (database) =>
        database.prepare('SELECT * FROM reservations ORDER BY path, tag').all(),
      )
    : [];
  const shown = `${JSON.stringify(rows)}\n${said}`;
  if (expected.rows_count !== undefined) assert.equal(rows.length, expected.rows_count, shown);
  if (expected.rows) assert.equal(rows.length, expected.rows.length, shown);
  for (const [index, wanted] of (expected.rows ?? []).entries()) {
    for (const [key, value] of Object.entries(wanted)) {
      assertSame(rows[index]?.[key], value, `row ${index} ${key}`, shown);
    }
  }
  for (const [key, least] of Object.entries(expected.rows_gt ?? {})) {
    for (const row of rows) assert.ok(Number(row[key]) > least, `${key} > ${least}: ${shown}`);
  }
}

function checkFiles(expected: Expected, said: string): void {
  for (const path of expected.exists ?? []) assert.ok(existsSync(path), `no ${path}: ${said}`);
  for (const path of expected.not_exists ?? []) assert.ok(!existsSync(path), `${path}: ${said}`);
  for (const [path, parts] of Object.entries(expected.file_contains ?? {})) {
    const content = readFileSync(path, 'utf8');
    for (const part of parts) assert.ok(content.includes(part), `${path}: ${content}\n${said}`);
  }
  for (const [path, content] of Object.entries(expected.file_equals ?? {})) {
    assert.equal(readFileSync(path, 'utf8'), content, said);
  }
}
