import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HoldfastError } from '../../errors.ts';
import type { AnyDeclared } from '../../torture.ts';
import { Failure } from '../failure.ts';
import { UsageError } from '../parse.ts';

/** The declaration that a module of the user's exports; what is wrong there is told as theirs. */
export async function loadDeclaration(
  { cwd, file, hint = '' }: { readonly cwd: string; readonly file: string; readonly hint?: string },
  name: string | undefined,
): Promise<AnyDeclared> {
  const path = resolve(cwd, file);
  if (!existsSync(path)) throw new UsageError(`there is no module ${path}${hint}`);
  const { importDeclaration } = await import('../../torture.ts');
  try {
    return await importDeclaration(pathToFileURL(path).href, name);
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Failure(6, `${path} cannot be imported: ${reason}`, { cause: error });
  }
}
