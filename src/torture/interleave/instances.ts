import { createRequire, registerHooks } from 'node:module';
import { type AnyDeclared, importDeclaration } from '../declare/declaration.ts';

const MARK = 'holdfast-client';

/**
 * The declaration from a module graph of its own, so that what a module keeps to itself is not
 * shared, as it is not between processes. All is loaded anew, packages in CommonJS too, so that one
 * which keeps functions of `node:fs` when it is loaded keeps those of the simulated machine. Native
 * addons there are once.
 */
export function importInstance(declared: AnyDeclared): Promise<AnyDeclared> {
  const instance = last.then(() => importAnew(declared));
  last = instance.catch(() => undefined);
  return instance;
}

/** One at a time: another one would find modules gone that it is in the midst of loading. */
let last: Promise<unknown> = Promise.resolve();

async function importAnew(declared: AnyDeclared): Promise<AnyDeclared> {
  using _ = withoutCommonJs();
  const url = new URL(declared.module);
  generation += 1;
  url.searchParams.set(MARK, String(generation));
  return await importDeclaration(url.href, declared.name);
}

/** Node knows a module by its URL: without this, a second run would find those of the first. */
let generation = 0;

/** Meanwhile CommonJS modules are loaded as if for the first time. */
function withoutCommonJs(): Disposable {
  const { cache } = createRequire(import.meta.url);
  const before = Object.entries(cache).filter(([path]) => !path.endsWith('.node'));
  for (const [path] of before) delete cache[path];
  return {
    [Symbol.dispose]() {
      for (const path of Object.keys(cache)) if (!path.endsWith('.node')) delete cache[path];
      for (const [path, module] of before) cache[path] = module;
    },
  };
}

/**
 * Until it is disposed, what a marked module imports is marked as well, then or later, except for the
 * rig itself.
 */
export function markedImports(): Disposable {
  const rig = new URL('../', import.meta.url).href;
  const entry = new URL(`../../torture`, import.meta.url).href;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const mark = context.parentURL && new URL(context.parentURL).searchParams.get(MARK);
      const isOurs = found.url.startsWith(rig) || found.url.startsWith(`${entry}.`);
      if (!mark || isOurs || !found.url.startsWith('file:')) return found;
      const url = new URL(found.url);
      url.searchParams.set(MARK, mark);
      return { ...found, url: url.href };
    },
  });
  return { [Symbol.dispose]: () => hooks.deregister() };
}
