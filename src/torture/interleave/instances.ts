import { registerHooks } from 'node:module';
import { type AnyDeclared, importDeclaration } from '../declaration.ts';

const MARK = 'holdfast-client';

/**
 * The declaration once for every client and once for the observer, each from a module graph of its own, so that what a module
 * keeps to itself is not shared, as it is not between processes. Packages written as CommonJS are
 * shared all the same: Node keeps one of each.
 */
export async function importInstances(
  declared: AnyDeclared,
  count: number,
): Promise<readonly AnyDeclared[]> {
  using _ = markedImports();
  const instances: AnyDeclared[] = [];
  for (let client = 0; client <= count; client += 1) {
    const url = new URL(declared.module);
    url.searchParams.set(MARK, String(client));
    instances.push(await importDeclaration(url.href, declared.name));
  }
  return instances;
}

/** What a marked module imports is marked as well, except for the rig itself. */
function markedImports(): Disposable {
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
