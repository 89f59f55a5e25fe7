import { readFile } from 'node:fs/promises';
import * as nodeModule from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

interface PageFile {
  readonly type: string;
  readonly text: string;
}

/** `.ts` in a checkout, `.js` where it was built. */
const EXTENSION = extname(fileURLToPath(import.meta.url));

const SOURCES = new URL('../', import.meta.url);

/** Modules of its own, and those of the model that it shares with the store. */
const MODULE = new RegExp(
  [
    '^(?:web/(?:page|view)/[a-z-]+',
    'tasks/model/(?:aggregate|fold|record|tree)',
    'tasks/eta/(?:estimate|forecast|group|prior|priors|rest|shown|trace))$',
  ].join('|'),
);

const OTHERS: ReadonlyMap<string, string> = new Map([
  ['index.html', 'text/html; charset=utf-8'],
  ...['page', 'side', 'tree', 'cells', 'drawer'].map(
    (name) => [`${name}.css`, 'text/css; charset=utf-8'] as const,
  ),
  ['icon.svg', 'image/svg+xml'],
]);

const cache = new Map<string, Promise<PageFile>>();

/** The file of the page at this path; undefined for all that is not on its list. */
export function pageFile(path: string): Promise<PageFile> | undefined {
  const type = OTHERS.get(path);
  if (type !== undefined)
    return kept(path, async () => ({ type, text: await read(`web/page/${path}`) }));
  const name = /^modules\/(.+)\.(?:js|ts)$/.exec(path)?.[1];
  return name !== undefined && MODULE.test(name) ? kept(name, () => moduleFile(name)) : undefined;
}

async function moduleFile(name: string): Promise<PageFile> {
  const source = await read(`${name}${EXTENSION}`);
  const text = EXTENSION === '.ts' ? nodeModule.stripTypeScriptTypes(source) : source;
  return { type: 'text/javascript; charset=utf-8', text };
}

function read(path: string): Promise<string> {
  return readFile(new URL(path, SOURCES), 'utf8');
}

function kept(name: string, load: () => Promise<PageFile>): Promise<PageFile> {
  const known = cache.get(name) ?? load();
  cache.set(name, known);
  return known;
}
