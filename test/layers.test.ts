import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { describe, test } from 'node:test';

// The layer table of ARCHITECTURE.md. A new store gets its name here.
const stores = ['ports', 'tasks', 'vault'];
/** What stores share: transactions, and who a process is. */
const bases = ['engine', 'owner'];
const rooms = [...bases, ...stores, 'torture', 'web', 'cli'];
/** Public entries and the room that each opens. */
const entries: Readonly<Record<string, string>> = {
  ports: 'ports',
  'ports-config': 'ports',
  tasks: 'tasks',
  vault: 'vault',
  doctor: 'engine',
  torture: 'torture',
  web: 'web',
};
/** Of the tasks store, what the web page shares with it: browsers can load it. */
const shared = /^tasks\/(?:(?:model|eta)\/.+|calls\.ts)$/;

type Place =
  | { kind: 'errors' }
  | { kind: 'index' }
  | { kind: 'entry'; room: string }
  | { kind: 'room'; room: string; isShared: boolean };

/** Where a file stands, by its path under src; undefined when the table has no place for it. */
function placeOf(path: string): Place | undefined {
  if (path === 'errors.ts') return { kind: 'errors' };
  if (path === 'index.ts') return { kind: 'index' };
  const [head = '', ...rest] = path.split('/');
  if (rest.length > 0) {
    return rooms.includes(head)
      ? { kind: 'room', room: head, isShared: shared.test(path) }
      : undefined;
  }
  const room = head.replace(/\.ts$/, '');
  const opened = entries[room];
  return opened === undefined ? undefined : { kind: 'entry', room: opened };
}

function mayImport(from: Place, to: Place): boolean {
  if (from.kind === 'errors') return false;
  if (from.kind === 'index') return to.kind === 'entry' || to.kind === 'errors';
  if (to.kind === 'room' && to.room === from.room) return true;
  if (from.kind === 'entry') return to.kind === 'room' && to.room === 'owner';
  if (to.kind === 'errors') return true;
  if (bases.includes(from.room)) return false;
  if (from.room === 'torture' || from.room === 'cli') return to.kind !== 'room';
  if (from.room === 'web') return to.kind !== 'room' || to.isShared;
  if (to.kind === 'entry') return stores.includes(to.room);
  return to.kind === 'room' && bases.includes(to.room);
}

type Token = { kind: 'word' | 'string' | 'punctuation'; text: string; line: number };

const wordsBeforeRegex = new Set(
  'await case delete do else in instanceof of return throw typeof void yield'.split(' '),
);

/** Words, strings and punctuation of TypeScript text; comments and literal contents drop out. */
function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each open template hole, the braces open inside it. */
  const holes: number[] = [];
  let at = 0;
  let line = 1;
  const fail = (what: string): never => {
    throw new SyntaxError(`line ${line}: ${what}`);
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0];
    if (found === undefined) return undefined;
    at += found.length;
    line += found.split('\n').length - 1;
    return found;
  };
  const add = (kind: Token['kind'], text: string) => tokens.push({ kind, text, line });
  const templatePart = () => {
    const part = take(/(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)/sy) ?? fail('open template');
    if (part.endsWith('${')) holes.push(0);
    else add('punctuation', '`');
  };
  const mayStartRegex = () => {
    const last = tokens.at(-1);
    if (!last) return true;
    if (last.kind === 'word') return wordsBeforeRegex.has(last.text);
    return last.kind === 'punctuation' && !')]}`'.includes(last.text);
  };

  take(/#!.*/y);
  while (at < source.length) {
    if (take(/\s+|\/\/.*|\/\*[\s\S]*?\*\//y) !== undefined) continue;
    const word = take(/[\p{ID_Start}\p{Nd}$_#@][\p{ID_Continue}$\u200c\u200d]*/uy);
    if (word !== undefined) {
      add('word', word);
      continue;
    }
    const char = source[at] ?? '';
    if (char === '"' || char === "'") {
      const text = take(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/sy) ?? fail('open string');
      add('string', text.slice(1, -1));
    } else if (char === '`') {
      at += 1;
      templatePart();
    } else if (char === '/' && mayStartRegex()) {
      take(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y) ?? fail('open regular expression');
      add('word', 'regex');
    } else {
      at += 1;
      const depth = holes.at(-1);
      if (char === '}' && depth === 0) {
        holes.pop();
        templatePart();
        continue;
      }
      if (depth !== undefined && char === '{') holes[holes.length - 1] = depth + 1;
      if (depth !== undefined && char === '}') holes[holes.length - 1] = depth - 1;
      add('punctuation', char);
    }
  }
  return tokens;
}

type Import = { specifier: string; line: number };

/** Every module that a file names: static, type-only, re-exported, dynamic or required. */
function importsOf(tokens: readonly Token[]): Import[] {
  const found: Import[] = [];
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    if (token.kind !== 'string' || before === undefined) return;
    const isMember = tokens[index - 3]?.text === '.';
    const isCall =
      before.text === '(' && /^(import|require)$/.test(tokens[index - 2]?.text ?? '') && !isMember;
    const isStatement =
      before.kind === 'word' && (before.text === 'import' || isFromClause(tokens, index - 1));
    if (isCall || isStatement) found.push({ specifier: token.text, line: token.line });
  });
  return found;
}

/** Whether `from` at this index closes the head of an import or export statement. */
function isFromClause(tokens: readonly Token[], index: number): boolean {
  if (tokens[index]?.text !== 'from') return false;
  for (let at = index - 1; at >= 0; at -= 1) {
    const { kind, text } = tokens[at] as Token;
    if (text === 'import' || text === 'export') return true;
    if (kind === 'punctuation' && !'{},*'.includes(text)) return false;
  }
  return false;
}

function hasDefaultExport(tokens: readonly Token[]): boolean {
  return tokens.some(
    ({ kind, text }, index) =>
      kind === 'word' &&
      text === 'default' &&
      (tokens[index - 1]?.text === 'export' ||
        // `as default` stands in an export list, or renames nothing that anyone could import.
        (tokens[index - 1]?.text === 'as' && tokens[index + 1]?.text !== ':')) &&
      !isInImport(tokens, index),
  );
}

function isInImport(tokens: readonly Token[], index: number): boolean {
  for (let at = index; at >= 0; at -= 1) {
    const text = tokens[at]?.text;
    if (text === 'import') return true;
    if (text === 'export' || text === ';') return false;
  }
  return false;
}

/** Whether a file is nothing but `export … from '…'`. */
function onlyReexports(tokens: readonly Token[]): boolean {
  const text = tokens.map((token) => (token.kind === 'string' ? "''" : token.text)).join(' ');
  const names = String.raw`\{(?: [\w$]+| ,)* \}`;
  return new RegExp(
    String.raw`^(?:export (?:type )?(?:\* (?:as [\w$]+ )?|${names} )from ''(?: ;)? ?)*$`,
  ).test(text);
}

type Manifest = { dependencies: readonly string[]; devDependencies: readonly string[] };

/** What breaks the layer table in a tree of files, as sentences; paths are relative to src. */
function violationsOf(files: ReadonlyMap<string, string>, manifest: Manifest): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, source] of files) {
    if (!path.endsWith('.ts')) continue;
    const place = placeOf(path);
    if (!place) {
      found.push(`${path}: not in the layer table`);
      continue;
    }
    const tokens = tokenize(source);
    if (hasDefaultExport(tokens)) found.push(`${path}: default export`);
    if ((place.kind === 'entry' || place.kind === 'index') && !onlyReexports(tokens)) {
      found.push(`${path}: a public entry only re-exports`);
    }
    const edges: string[] = [];
    graph.set(path, edges);
    for (const { specifier, line } of importsOf(tokens)) {
      const where = `${path}:${line}: imports ${specifier}`;
      if (!specifier.startsWith('.')) {
        const reason = packageViolation(specifier, path, manifest);
        if (reason) found.push(`${where}, ${reason}`);
        continue;
      }
      const target = posix.join(posix.dirname(path), specifier);
      if (target === '../package.json') continue;
      if (!files.has(target)) {
        found.push(`${where}, no such file in src`);
        continue;
      }
      edges.push(target);
      const to = placeOf(target);
      if (to && !mayImport(place, to)) found.push(`${where}, against the layer table`);
    }
  }
  for (const cycle of cyclesOf(graph)) found.push(`import cycle: ${cycle.join(' → ')}`);
  return found;
}

function packageViolation(specifier: string, path: string, manifest: Manifest): string | undefined {
  if (specifier.startsWith('node:')) {
    return isBuiltin(specifier) ? undefined : 'which Node does not have';
  }
  if (isBuiltin(specifier)) return 'without node:';
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (manifest.dependencies.includes(name)) return undefined;
  if (/\.(test|fixture)\.ts$/.test(path) && manifest.devDependencies.includes(name))
    return undefined;
  return 'which is not in dependencies';
}

/** One cycle for each back edge of a depth-first walk. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string) => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    trail.push(path);
    for (const next of graph.get(path) ?? []) visit(next);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return cycles;
}

const root = join(import.meta.dirname, '..');

function readTree(dir: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(posix.relative(dir, path), readFileSync(path, 'utf8'));
  }
  return files;
}

test('src keeps to the layer table', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const files = readTree(join(root, 'src'));
  assert.ok(files.has('index.ts'), 'the tree was read');
  assert.deepEqual(
    violationsOf(files, {
      dependencies: Object.keys(manifest.dependencies),
      devDependencies: Object.keys(manifest.devDependencies),
    }),
    [],
  );
});

describe('the checker itself', () => {
  const sound: Record<string, string> = {
    'errors.ts': 'export class HoldfastError extends Error {}',
    'index.ts': `export * from './errors.ts';\nexport { Ports, type Open } from './ports.ts';`,
    'ports.ts': `// the entry\nexport { Ports } from './ports/ports.ts';\nexport type { Open } from './ports/ports.ts';`,
    'torture.ts': `export { torture } from './torture/run.ts';`,
    'engine/engine.ts': `import { HoldfastError } from '../errors.ts';\nimport fs from 'fs-native-extensions';`,
    'ports/ports.ts': `import { open } from '../engine/engine.ts';\nimport { readFileSync } from 'node:fs';`,
    'torture/run.ts': `const { Ports } = await import('../ports.ts');`,
    'cli/main.ts': `await import('./ports.ts'); const re = /['"\`]/.test("import('../engine/engine.ts')");`,
    'cli/ports.ts': `import type { Open } from '../ports.ts';`,
    'tasks/model/fold.ts': `import type { Update } from '../calls.ts';`,
    'tasks/calls.ts': `export type Update = string;`,
    'tasks/store.ts': `import { fold } from './model/fold.ts';`,
    'tasks.ts': `export { Tasks } from './tasks/store.ts';`,
    'web/serve.ts': `import type { Tasks } from '../tasks.ts';`,
    'web/page/main.ts': `import { fold } from '../../tasks/model/fold.ts';`,
  };
  const manifest = { dependencies: ['fs-native-extensions'], devDependencies: ['fast-check'] };
  const check = (changes: Record<string, string> = {}) =>
    violationsOf(new Map(Object.entries({ ...sound, ...changes })), manifest);

  test('finds nothing in a sound tree', () => {
    assert.deepEqual(check(), []);
  });

  const broken: [what: string, path: string, source: string, expected: RegExp][] = [
    [
      'a static import',
      'torture/run.ts',
      `import { a } from '../engine/engine.ts';`,
      /layer table/,
    ],
    ['a side-effect import', 'cli/main.ts', `import '../engine/engine.ts';`, /layer table/],
    [
      'a type-only import',
      'cli/main.ts',
      `import type { A } from '../ports/ports.ts';`,
      /layer table/,
    ],
    ['an import type', 'cli/main.ts', `let a: import('../ports/ports.ts').A;`, /layer table/],
    ['a dynamic import', 'torture/run.ts', 'await import("../ports/ports.ts");', /layer table/],
    ['a re-export', 'engine/engine.ts', `export * from '../ports.ts';`, /layer table/],
    [
      'a page that reaches into a store',
      'web/page/main.ts',
      `import { Tasks } from '../../tasks/store.ts';`,
      /layer table/,
    ],
    [
      'a re-export of a list',
      'engine/engine.ts',
      `export {\n  a,\n} from '../ports.ts';`,
      /layer table/,
    ],
    [
      'an import inside a template',
      'torture/run.ts',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
      "`it's ${`${{ a: await import('../engine/engine.ts') }}`} '`",
      /layer table/,
    ],
    [
      'an import behind a comment',
      'cli/main.ts',
      `import /* ; */ a from // '\n'../ports/ports.ts'`,
      /layer table/,
    ],
    [
      'an import behind a regex',
      'cli/main.ts',
      `x = /[/'"]/; import '../ports/ports.ts';`,
      /layer table/,
    ],
    [
      'an entry reaching into another room',
      'torture.ts',
      `export { a } from './ports/ports.ts';`,
      /layer table/,
    ],
    [
      'an import in errors.ts',
      'errors.ts',
      `import { a } from './engine/engine.ts';`,
      /layer table/,
    ],
    ['a store in torture', 'ports/ports.ts', `import { a } from '../torture.ts';`, /layer table/],
    ['logic in an entry', 'ports.ts', `export const a = 1;`, /only re-exports/],
    [
      'an import in an entry',
      'ports.ts',
      `import { a } from './ports/ports.ts';`,
      /only re-exports/,
    ],
    ['a default export', 'cli/ports.ts', 'export default 1;', /default export/],
    [
      'a default export by name',
      'cli/ports.ts',
      'const a = 1; export { a as default };',
      /default export/,
    ],
    ['a file in no room', 'utils.ts', '', /not in the layer table/],
    ['an unknown room', 'utils/strings.ts', '', /not in the layer table/],
    ['a missing file', 'cli/ports.ts', `import './gone.ts';`, /no such file/],
    [
      'an undeclared package',
      'cli/ports.ts',
      `import { a } from '@scope/name/sub';`,
      /dependencies/,
    ],
    [
      'a development package at run time',
      'cli/ports.ts',
      `import fc from 'fast-check';`,
      /dependencies/,
    ],
    ['a builtin without node:', 'cli/ports.ts', `import fs from 'fs';`, /without node:/],
    [
      'a cycle',
      'cli/ports.ts',
      `import './main.ts';`,
      /cycle: cli\/main.ts → cli\/ports.ts → cli\/main.ts/,
    ],
  ];
  for (const [what, path, source, expected] of broken) {
    test(`catches ${what}`, () => {
      const found = check({ [path]: source });
      assert.ok(
        found.some((violation) => expected.test(violation)),
        `expected ${expected} in ${JSON.stringify(found)}`,
      );
    });
  }

  test('lets a unit test use a development package', () => {
    assert.deepEqual(check({ 'cli/ports.test.ts': `import fc from 'fast-check';` }), []);
  });

  test('refuses text it cannot read', () => {
    assert.throws(() => check({ 'cli/ports.ts': `const a = 'open` }), SyntaxError);
  });
});
