import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Broken } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
import { contentOf } from './content.ts';
import type { Site } from './site.ts';
import type { SubjectKey, VaultSubject } from './subject.ts';

/** Operations that have made a key, and are missed in a list. */
export function missing(
  rows: readonly SubjectKey[],
  created: readonly Operation<string>[],
): Broken[] {
  const keys = new Set(rows.map(({ key }) => key));
  return created
    .filter(({ input }) => !keys.has(input))
    .map((one) => ({ message: `${one.input} is not listed`, operations: [one] }));
}

/** Keys for which nobody has asked, and second versions of those for which one was. */
export function unasked(rows: readonly SubjectKey[], asked: Iterable<string>): Broken[] {
  const left = new Set(asked);
  return rows
    .filter(({ key }) => !left.delete(key))
    .map(({ key, version }) => ({ message: `nobody has asked for ${key} version ${version}` }));
}

/** Operations with a key whose first version is not what was put in. */
export async function inexact(
  vault: VaultSubject,
  operations: readonly Operation<string>[],
): Promise<Broken[]> {
  const found: Operation<string>[] = [];
  for (const one of operations) {
    if ((await vault.reveal(one.input, 1)) !== contentOf(one.input)) found.push(one);
  }
  return found.length === 0 ? [] : [contentChanged(found)];
}

/** One sentence for all of them, as there is one reason. */
export function contentChanged(operations: readonly Operation<string>[]): Broken {
  const names = [...new Set(operations.map(({ input }) => input))];
  const [first] = names;
  return { message: `${names.length} keys, as ${first}, have another content`, operations };
}

/** The subject's own check and SQLite's, and that no key has two versions in use. */
export async function isSound({ vault, shared }: Site): Promise<Broken[]> {
  const inUse = (await vault.list()).filter(({ state }) => state === 'Active');
  const twice = [...Map.groupBy(inUse, ({ key }) => key)]
    .filter(([, rows]) => rows.length > 1)
    .map(([key, rows]) => `${key} has ${rows.length} versions in use`);
  const found = [...(await vault.validate()), ...twice, ...checkDatabase(shared.setup.dir)];
  return found.map((message) => ({ message }));
}

function checkDatabase(dir: string): string[] {
  const file = join(dir, 'vault.db');
  // There is none in memory.
  if (!existsSync(file)) return [];
  // Not read-only: SQLite then leaves CHECK constraints out.
  using database = new DatabaseSync(file);
  const found = database.prepare('PRAGMA integrity_check').all();
  return found
    .map((row) => String(row.integrity_check))
    .filter((line) => line !== 'ok')
    .map((line) => `integrity_check: ${line}`);
}
