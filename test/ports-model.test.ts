import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../src/errors.ts';
import type { Ports } from '../src/ports.ts';
import { freshDirectory, openPorts, type StoredRow, storedRows } from './ports-store.ts';

const MIN = 5000;
const MAX = 5007;
const EXCLUDED = 5002;
const DAY_S = 86_400;

interface Row {
  readonly port: number;
  readonly project: string | undefined;
  readonly created: number;
  readonly used: number;
}

/** The store as it ought to be: what a call does to a map, and whether it fails. */
type Model = Map<string, Row>;

interface Step {
  readonly kind: 'reserve' | 'move' | 'group' | 'release' | 'migrate' | 'expire' | 'prune';
  readonly path: string;
  readonly to: string;
  readonly tag: string | undefined;
  readonly project: string | undefined;
  readonly port: number | undefined;
  readonly recursive: boolean;
  readonly force: boolean;
  readonly days: number;
}

const PATHS = ['/', '/gone', '/gone/a', '/gone/a/b', '/tmp'];
const path = fc.constantFrom(...PATHS);

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    ...(['reserve', 'reserve', 'reserve', 'move', 'group', 'release'] as const),
    ...(['migrate', 'expire', 'prune'] as const),
  ),
  path,
  to: path,
  tag: fc.constantFrom(undefined, 'x', 'y'),
  project: fc.constantFrom(undefined, undefined, 'p', 'q'),
  port: fc.option(fc.integer({ min: MIN - 1, max: MAX + 1 }), { nil: undefined }),
  recursive: fc.boolean(),
  force: fc.boolean(),
  days: fc.integer({ min: 1, max: 3 }),
});

const key = (at: string, tag: string | undefined): string => `${at}\0${tag ?? ''}`;
const pathOf = (text: string): string => text.slice(0, text.indexOf('\0'));
const tagOf = (text: string): string => text.slice(text.indexOf('\0') + 1);

function isWithin(ancestor: string, other: string): boolean {
  return other === ancestor || other.startsWith(ancestor === '/' ? '/' : `${ancestor}/`);
}

function matching(model: Model, one: Step): string[] {
  return [...model.keys()].filter((text) =>
    one.recursive ? isWithin(one.path, pathOf(text)) : pathOf(text) === one.path,
  );
}

const taken = (model: Model): Set<number> => new Set([...model.values()].map(({ port }) => port));

function lowest(ports: ReadonlySet<number>): number | undefined {
  for (let port = MIN; port <= MAX; port++) {
    if (port !== EXCLUDED && !ports.has(port)) return port;
  }
  return undefined;
}

/** Answers the store after `one`, or undefined when the call must fail. */
function expected(model: Model, one: Step, now: number): Model | undefined {
  const next = new Map(model);
  if (one.kind === 'expire') {
    for (const [text, row] of model) if (row.used < now - one.days * DAY_S) next.delete(text);
    return next;
  }
  if (one.kind === 'prune') {
    for (const text of model.keys()) if (!existsSync(pathOf(text))) next.delete(text);
    return next;
  }
  if (one.kind === 'release') {
    for (const text of matching(model, one)) {
      if (one.tag === undefined || tagOf(text) === one.tag) next.delete(text);
    }
    return next;
  }
  if (one.kind === 'migrate') return migrated(model, one);
  if (one.kind === 'group') return grouped(model, one, now);
  return reserved(model, one, now);
}

function reserved(model: Model, one: Step, now: number): Model | undefined {
  const text = key(one.path, one.tag);
  const found = model.get(text);
  if (found && one.project !== undefined && one.project !== found.project) return undefined;
  if (found && one.kind === 'reserve') return new Map(model).set(text, { ...found, used: now });
  const others = taken(model);
  if (found) others.delete(found.port);
  const wanted = one.port;
  const canHave =
    wanted !== undefined &&
    wanted >= MIN &&
    wanted <= MAX &&
    wanted !== EXCLUDED &&
    !others.has(wanted);
  const port = canHave ? wanted : lowest(others);
  if (port === undefined) return undefined;
  const made = found
    ? { ...found, port, used: now }
    : { port, project: one.project, created: now, used: now };
  return new Map(model).set(text, made);
}

/** Two services, one port apart. */
function grouped(model: Model, one: Step, now: number): Model | undefined {
  const own = [...model].filter(([text]) => pathOf(text) === one.path && tagOf(text) !== '');
  const next = new Map(model);
  if (own.length > 0 && !one.force) {
    const x = model.get(key(one.path, 'x'));
    const y = model.get(key(one.path, 'y'));
    if (!x || !y || y.port !== x.port + 1) return undefined;
    for (const [text, row] of own) {
      if (one.project !== undefined && one.project !== row.project) return undefined;
      next.set(text, { ...row, used: now });
    }
    return next;
  }
  for (const [text] of own) next.delete(text);
  const [first] = own;
  const projects = new Set(own.map(([, row]) => row.project));
  const project = one.project ?? (projects.size === 1 ? first?.[1].project : undefined);
  const blocked = taken(next).add(EXCLUDED);
  for (let port = MIN; port < MAX; port++) {
    if (blocked.has(port) || blocked.has(port + 1)) continue;
    next.set(key(one.path, 'x'), { port, project, created: now, used: now });
    next.set(key(one.path, 'y'), { port: port + 1, project, created: now, used: now });
    return next;
  }
  return undefined;
}

function migrated(model: Model, one: Step): Model | undefined {
  const sources = matching(model, one);
  if (sources.length === 0) return one.recursive ? model : undefined;
  const moves = sources.map((text) => {
    const below = one.path === '/' ? pathOf(text) : pathOf(text).slice(one.path.length);
    const joined = `${one.to === '/' ? '' : one.to}${below === '/' ? '' : below}`;
    return [text, key(joined || '/', tagOf(text))] as const;
  });
  if (!one.force && moves.some(([, to]) => model.has(to))) return undefined;
  const next = new Map(model);
  for (const [from] of moves) next.delete(from);
  for (const [from, to] of moves) {
    const row = model.get(from);
    if (row) next.set(to, row);
  }
  return next;
}

async function perform(ports: Ports, one: Step): Promise<unknown> {
  const { path: at, tag, project, port, recursive, force, days } = one;
  switch (one.kind) {
    case 'reserve':
      return ports.reserve(at, { tag, project, port });
    case 'move':
      return ports.reserve(at, { tag, project, port, overwrite: true });
    case 'group':
      return ports.reserveGroup(at, { x: {}, y: { offset: 1 } }, { project, force });
    case 'release':
      return ports.release(at, { tag, recursive });
    case 'migrate':
      return ports.migrate(at, one.to, { recursive, force });
    case 'expire':
      return ports.expire({ days });
    case 'prune':
      return ports.prune();
  }
}

function asRows(model: Model): StoredRow[] {
  const rows = [...model].map(([text, row]) => ({
    path: pathOf(text),
    tag: tagOf(text),
    port: row.port,
    project: row.project ?? null,
    task: null,
    created_at: row.created,
    last_used_at: row.used,
  }));
  return rows.sort((a, b) =>
    Buffer.compare(Buffer.from(key(a.path, a.tag)), Buffer.from(key(b.path, b.tag))),
  );
}

const FAILURES = new Set(['STICKY_FIELD', 'PORTS_EXHAUSTED', 'CONFLICT', 'NOT_FOUND']);

test('any series of calls does to the table what it does to a map, or fails and does nothing', async (t) => {
  let now = 0;
  const { ports, dir } = await openPorts(t, {
    dir: freshDirectory(t),
    now: () => now * 1000,
    policy: {
      min: MIN,
      max: MAX,
      excluded: [{ min: EXCLUDED, max: EXCLUDED }],
      autoprune: false,
      autoexpire: false,
    },
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.constantFrom(0, 1, DAY_S)), { maxLength: 25 }),
      async (steps) => {
        await ports.clear();
        now = 1_000_000;
        let model: Model = new Map();
        for (const [one, later] of steps) {
          now += later;
          const next = expected(model, one, now);
          const failure = await perform(ports, one).then(
            () => undefined,
            (error: unknown) => error,
          );
          if (next === undefined) {
            assert.ok(
              failure instanceof HoldfastError && FAILURES.has(failure.code),
              String(failure),
            );
          } else {
            assert.equal(failure, undefined);
            model = next;
          }
          const rows = storedRows(dir);
          assert.deepEqual(rows, asRows(model));
          assert.equal(new Set(rows.map(({ port }) => port)).size, rows.length);
          assert.ok(rows.every((row) => row.created_at <= row.last_used_at));
        }
      },
    ),
    { numRuns: 100 },
  );
});
