import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Broken } from '../../declaration.ts';
import type { Operation } from '../../operation.ts';
import type { Row, Site, SiteShared } from './site.ts';

/** Ports that occur twice in what one call answered. */
export function duplicatePorts(rows: readonly Row[], operation?: Operation): Broken[] {
  const byPort = Map.groupBy(rows, (row) => row.port);
  return [...byPort.values()]
    .filter((same) => same.length > 1)
    .map((same) => ({
      message: `port ${same[0]?.port} belongs to ${same.map((row) => row.path).join(' and ')}`,
      operations: operation && [operation],
    }));
}

/** Operations that were each given a port that another one holds for another directory. */
export function sharedPorts(reserved: readonly Operation<string, number>[]): Broken[] {
  const byPort = Map.groupBy(reserved, (operation) => operation.output);
  return [...byPort]
    .filter(([, same]) => new Set(same.map((one) => one.input)).size > 1)
    .map(([port, same]) => ({
      message: `port ${port} was given to ${same.map((one) => one.input).join(' and ')}`,
      operations: same,
    }));
}

/** Every port that was printed is in the list, for the same directory. */
export async function printedIsStored(
  site: Site,
  reserved: readonly Operation<string, number>[],
): Promise<Broken[]> {
  const stored = new Map(
    (await site.list()).map((row) => [`${row.path}\0${row.tag ?? ''}`, row.port]),
  );
  return reserved
    .filter((one) => stored.get(`${one.input}\0`) !== one.output)
    .map((one) => ({
      message: `${one.input} was given ${one.output}, and the store has ${stored.get(`${one.input}\0`) ?? 'nothing'}`,
      operations: [one],
    }));
}

/** The subject's own check and SQLite's, which knows nothing of the subject. */
export async function isSound(site: Site): Promise<Broken[]> {
  const found = [...(await site.validate()), ...checkDatabase(site.shared)];
  return found.map((message) => ({ message }));
}

/** Rows as an independent reader sees them. */
export function storedRows({ setup }: SiteShared): readonly Row[] {
  using database = new DatabaseSync(join(setup.dataDir, 'ports.db'), { readOnly: true });
  return database
    .prepare('SELECT path, tag, port FROM reservations ORDER BY path, tag')
    .all()
    .map(({ path, tag, port }) => ({
      path: String(path),
      tag: tag === '' ? undefined : String(tag),
      port: Number(port),
    }));
}

function checkDatabase({ setup }: SiteShared): string[] {
  const file = join(setup.dataDir, 'ports.db');
  if (!existsSync(file)) return [`${file} does not exist`];
  using database = new DatabaseSync(file, { readOnly: true });
  const found = database.prepare('PRAGMA integrity_check').all();
  return found
    .map((row) => String(row.integrity_check))
    .filter((line) => line !== 'ok')
    .map((line) => `integrity_check: ${line}`);
}
