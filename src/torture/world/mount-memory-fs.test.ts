import assert from 'node:assert/strict';
import fs, { type Stats } from 'node:fs';
import fsPromises, { type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Disk } from './disk.ts';
import { atOnce, mountMemoryFs } from './fs-hook.ts';
import { MemoryFs } from './memory-fs.ts';

type Style = 'sync' | 'promise' | 'callback';
/** Arguments: `P:` stands before a path below the root, `T:` before the absolute target of a link. */
type Step =
  | { kind: 'call'; who: number; style: Style; name: string; args: readonly unknown[] }
  | { kind: 'open'; who: number; style: Style; path: string; flags: unknown }
  | { kind: 'use'; slot: number; name: string; args: readonly unknown[] };

interface Opened {
  readonly who: number;
  readonly style: Style;
  readonly fd: number;
  readonly handle: FileHandle | undefined;
}

const names = fc.constantFrom('a', 'b', 'c', 'd');
const simplePath = fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const oddPath = fc
  .array(fc.oneof({ weight: 4, arbitrary: names }, fc.constantFrom('.', '..', '', 'é')), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((parts) => fc.constantFrom(parts.join('/'), `${parts.join('/')}/`))
  // The border to the real file system is not to be crossed.
  .filter(
    (path) => join('/x/y/z/w', path).startsWith('/x/y/z/w/') && !/^\/|\.\.\/.*\.\./.test(path),
  );
const path = fc
  .oneof({ weight: 6, arbitrary: simplePath }, { weight: 1, arbitrary: oddPath })
  .map((text) => `P:${text}`);
const plainPath = simplePath.map((text) => `P:${text}`);
const target = fc.oneof(
  simplePath,
  simplePath.map((text) => `T:${text}`),
  fc.constantFrom('../a', '.', './b'),
);
const style = fc.constantFrom<Style>('sync', 'promise', 'callback');
const who = fc.nat(1);
const data = fc.oneof(fc.string({ maxLength: 12 }), fc.uint8Array({ maxLength: 12 }));
// Only some of Node's styles ask the system to write nothing, and meet its errors.
const someData = fc.uint8Array({ minLength: 1, maxLength: 12 });
const flags = fc.constantFrom(
  'r',
  'r+',
  'w',
  'w+',
  'wx',
  'a',
  'a+',
  'ax',
  'xw+',
  fs.constants.O_RDWR | fs.constants.O_CREAT,
  fs.constants.O_DIRECTORY,
  fs.constants.O_NOFOLLOW,
);
const size = fc.nat(20);
const position = fc.option(size);

const call = (name: string, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constant('call' as const),
    who,
    style,
    name: fc.constant(name),
    args: fc.tuple(...args),
  });
const use = (name: string, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constant('use' as const),
    slot: fc.nat(5),
    name: fc.constant(name),
    args: fc.tuple(...args),
  });
const isRecursive = fc.record({ recursive: fc.boolean() });

const step: fc.Arbitrary<Step> = fc.oneof(
  call('writeFile', path, data),
  call(
    'writeFile',
    path,
    someData,
    fc.record({ flag: flags, flush: fc.boolean(), mode: fc.constantFrom(0o600, 0o666) }),
  ),
  call('appendFile', path, data),
  call('readFile', path),
  call('readFile', path, fc.constantFrom('utf8', 'hex', { flag: 'r+', encoding: 'latin1' })),
  call('rename', path, path),
  call('rename', path, path),
  call('unlink', path),
  call('link', path, path),
  call('symlink', target, path),
  call('readlink', path),
  call('mkdir', path),
  call('mkdir', path, isRecursive),
  call('mkdir', path, isRecursive),
  call('rmdir', path),
  // Of `a/.` Node makes an error without a code.
  call('rm', plainPath, fc.record({ recursive: fc.boolean(), force: fc.boolean() })),
  call('readdir', path),
  // Without types, readdirSync goes on into links to directories.
  call('readdir', path, fc.record({ withFileTypes: fc.constant(true), recursive: fc.boolean() })),
  call('stat', path),
  call('lstat', path),
  call('access', path, fc.constantFrom(fs.constants.F_OK, fs.constants.R_OK, fs.constants.X_OK)),
  call('exists', path),
  call('truncate', path, size),
  call('copyFile', path, path),
  call('copyFile', path, path, fc.constant(fs.constants.COPYFILE_EXCL)),
  call('chmod', path, fc.constantFrom(0o600, 0o644, 0o755)),
  call('realpath', path),
  call('utimes', path, fc.constant(1000), fc.constantFrom(2000, 3000.5)),
  // Node's opendirSync leaves the path out of its errors.
  call('opendir', path).map((step) => ({ ...step, style: 'callback' as const })),
  fc.record({ kind: fc.constant('open' as const), who, style, path, flags }),
  fc.record({ kind: fc.constant('open' as const), who, style, path, flags }),
  use('close'),
  use('read', size, position),
  use('write', data, position),
  use('write', data, position),
  use('ftruncate', size),
  use('fstat'),
  use('fsync'),
  use('readFile'),
  use('writeFile', someData),
  use('appendFile', someData),
);

/** Runs steps below a root; answers what each came to. */
class Session {
  readonly #root: string;
  readonly #opened: Opened[] = [];
  /** Whose turn it is. */
  who = 0;

  constructor(root: string) {
    this.#root = root;
  }

  async run(step: Step): Promise<unknown> {
    try {
      return this.#plain(await this.#do(step));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // Below a link that leads nowhere, Node's styles differ in the error.
      if (step.kind === 'call' && step.name === 'mkdir' && step.args.length > 1) return 'no mkdir';
      // Of links in a circle, rmSync has an error without a code.
      const code: unknown = Reflect.get(error, 'code');
      if (step.kind === 'call' && step.name === 'rm' && (code === '' || code === 'ELOOP')) {
        return 'no rm';
      }
      return this.#plain({ ...error, message: error.message, name: error.name });
    }
  }

  begin(): void {
    fs.mkdirSync(this.#root, { recursive: true });
  }

  async end(): Promise<void> {
    for (const { who, fd, handle } of this.#opened) {
      this.who = who;
      await (handle?.close() ?? fs.closeSync(fd));
    }
  }

  async #do(step: Step): Promise<unknown> {
    if (step.kind === 'use') return this.#use(step);
    this.who = step.who;
    if (step.kind === 'call') {
      const answer = await invoke(
        step.name,
        step.style,
        step.args.map((arg) => this.#argument(arg)),
      );
      // Node goes from directory to directory in an order that depends on the style.
      if (step.name === 'readdir') return (answer as unknown[]).map(plainEntry).sort();
      if (step.name !== 'opendir') return answer;
      const found = [];
      for await (const entry of answer as fs.Dir) found.push([entry.name, entry.isDirectory()]);
      return found.sort();
    }
    const opened = await invoke('open', step.style, [this.#argument(step.path), step.flags]);
    const handle = typeof opened === 'number' ? undefined : (opened as FileHandle);
    this.#opened.push({
      who: step.who,
      style: step.style,
      fd: handle?.fd ?? Number(opened),
      handle,
    });
    return 'opened';
  }

  #use({ slot, name, args }: Extract<Step, { kind: 'use' }>): unknown {
    const opened = this.#opened[slot % Math.max(1, this.#opened.length)];
    if (opened === undefined) return 'nothing open';
    const { who, style, fd, handle } = opened;
    this.who = who;
    if (name === 'close') this.#opened.splice(this.#opened.indexOf(opened), 1);
    if (name === 'read') {
      const buffer = Buffer.alloc(Number(args[0]));
      if (handle) return handle.read(buffer, 0, buffer.length, args[1] as number | null);
      return invoke('read', style, [fd, buffer, 0, buffer.length, args[1]]).then((count) => [
        count,
        buffer,
      ]);
    }
    if (name === 'write' && typeof args[0] !== 'string') {
      const bytes = args[0] as Uint8Array;
      if (handle) return handle.write(bytes, 0, bytes.length, args[1] as number | null);
      return invoke('write', style, [fd, bytes, 0, bytes.length, args[1]]);
    }
    // With a callback, it calls an empty file read that was opened for writing only.
    const told = name === 'readFile' ? 'sync' : style;
    if (handle === undefined) return invoke(name, told, [fd, ...args]);
    const methods: Record<string, string> = { ftruncate: 'truncate', fstat: 'stat', fsync: 'sync' };
    const method = Reflect.get(handle, methods[name] ?? name) as (
      ...args: readonly unknown[]
    ) => unknown;
    return method.apply(handle, args as unknown[]);
  }

  #argument(value: unknown): unknown {
    if (typeof value !== 'string') return value;
    return value.startsWith('P:') || value.startsWith('T:')
      ? `${this.#root}/${value.slice(2)}`
      : value;
  }

  /** Without what is different in any two places. */
  #plain(value: unknown): unknown {
    if (typeof value === 'string') return value.replaceAll(this.#root, '<root>');
    if (typeof value === 'bigint' || typeof value !== 'object' || value === null) return value;
    if (Buffer.isBuffer(value) || value instanceof Uint8Array)
      return Buffer.from(value).toString('hex');
    if (Array.isArray(value)) return value.map((item) => this.#plain(item));
    if (value instanceof fs.Stats) return plainStats(value);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#plain(item)]));
  }
}

function plainEntry(entry: unknown): unknown {
  if (!(entry instanceof fs.Dirent)) return entry;
  return `${join(entry.parentPath, entry.name)} ${entry.isDirectory()} ${entry.isSymbolicLink()}`;
}

function plainStats(stats: Stats): unknown {
  const kind = [stats.isFile(), stats.isDirectory(), stats.isSymbolicLink()];
  const wasSet = stats.mtimeMs < 1e7 ? [stats.mtimeMs, stats.mtime.getTime()] : [];
  return stats.isDirectory()
    ? [kind, stats.mode]
    : [kind, stats.mode, stats.size, stats.nlink, wasSet];
}

async function invoke(name: string, style: Style, args: readonly unknown[]): Promise<unknown> {
  const api = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  if (style === 'sync') return api[`${name}Sync`]?.(...args);
  const promised = Reflect.get(fsPromises, name) as ((...args: unknown[]) => unknown) | undefined;
  if (style === 'promise' && promised !== undefined) return promised(...args);
  return new Promise((resolve, reject) => {
    api[name]?.(...args, (error: unknown, value: unknown) => {
      if (name === 'exists') resolve(error);
      else if (error) reject(error);
      else resolve(value);
    });
  });
}

function treeOf(dir: string): unknown[] {
  return fs.readdirSync(dir).flatMap((name) => {
    const at = join(dir, name);
    const stats = fs.lstatSync(at);
    if (stats.isDirectory()) return [[name, treeOf(at)]];
    const content = stats.isSymbolicLink()
      ? fs.readlinkSync(at).replaceAll('/fake/', '/real/')
      : fs.readFileSync(at, 'hex');
    return [[name, plainStats(stats), content]];
  });
}

async function outcomes(session: Session, steps: readonly Step[]): Promise<unknown[]> {
  session.begin();
  const found = [];
  for (const step of steps) found.push(await session.run(step));
  await session.end();
  return found;
}

test('calls have the results, the errors and the tree of the real file system', async (t) => {
  const base = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'memory-fs-')));
  t.after(() => fs.rmSync(base, { recursive: true }));
  process.umask(0o022);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      // Of the same length, for that is the size of a link; links may lead out of the root.
      const [real, simulated] = [join(base, 'real'), join(base, 'fake')];
      fs.rmSync(real, { recursive: true, force: true });
      const expected = await outcomes(new Session(join(real, 'root')), steps);

      const disk = new Disk({ now: () => 1_700_000_000_000 });
      const processes = [new MemoryFs(disk), new MemoryFs(disk)] as const;
      const session = new Session(join(simulated, 'root'));
      using _mount = mountMemoryFs({
        prefix: simulated,
        fsOf: () => processes[session.who === 0 ? 0 : 1],
        hook: atOnce,
      });
      const actual = await outcomes(session, steps);
      assert.deepEqual(actual, expected);
      assert.deepEqual(treeOf(simulated), treeOf(real));
      assert.deepEqual(
        processes.map((fs) => fs.openDescriptors),
        [[], []],
      );
    }),
    { numRuns: 200 },
  );
});
