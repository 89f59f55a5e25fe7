import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PageFile {
  readonly type: string;
  readonly text: string;
}

/** `.ts` in a checkout, `.js` where it was built. */
const EXTENSION = extname(fileURLToPath(import.meta.url));

const SOURCES = new URL('../', import.meta.url);

/** Modules of the page, and those of the model and of estimates, which it shares with the store. */
const FOLDERS = ['web/page', 'web/view', 'tasks/model', 'tasks/eta'];

const OTHERS = [
  ['index.html', 'text/html; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
  ['page.css', 'text/css; charset=utf-8'],
  ['side.css', 'text/css; charset=utf-8'],
  ['tree.css', 'text/css; charset=utf-8'],
  ['cells.css', 'text/css; charset=utf-8'],
  ['drawer.css', 'text/css; charset=utf-8'],
] as const;

/**
 * The files of the page by their paths, and no others. Modules are found as `.js` and as `.ts`: the
 * page names the first one so, and in a checkout they name each other as TypeScript.
 */
export async function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const [path, type] of OTHERS)
    files.set(path, { type, text: await read(`web/page/${path}`) });
  for (const folder of FOLDERS) {
    for (const name of await modulesIn(folder)) {
      const text = scriptOf(await read(`${folder}/${name}${EXTENSION}`));
      const file = { type: 'text/javascript; charset=utf-8', text };
      for (const extension of ['.js', '.ts'])
        files.set(`modules/${folder}/${name}${extension}`, file);
    }
  }
  return files;
}

async function modulesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(new URL(folder, SOURCES));
  const modules = names
    .filter((name) => name.endsWith(EXTENSION))
    .map((name) => name.slice(0, -EXTENSION.length));
  // Tests, fixtures and declarations have another dot.
  return modules.filter((name) => !name.includes('.'));
}

function scriptOf(source: string): string {
  return EXTENSION === '.ts' ? stripTypeScriptTypes(source) : source;
}

function read(path: string): Promise<string> {
  return readFile(new URL(path, SOURCES), 'utf8');
}
