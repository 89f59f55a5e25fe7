import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Broken } from '../../declare/declaration.ts';
import type { Operation } from '../../declare/operation.ts';
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
export function printedIsStored(
  rows: readonly Row[],
  reserved: readonly Operation<string, number>[],
): Broken[] {
  const stored = new Map(
    rows.filter((row) => row.tag === undefined).map((row) => [row.path, row.port]),
  );
  return reserved
    .filter((one) => stored.get(one.input) !== one.output)
    .map((one) => ({
      message: `${one.input} was given ${one.output}, and the store has ${stored.get(one.input) ?? 'nothing'}`,
      operations: [one],
    }));
}

/** Rows of directories for which nobody has asked, and second rows of those for which one was. */
export function unasked(rows: readonly Row[], asked: Iterable<string>): Broken[] {
  const left = new Set(asked);
  return rows
    .filter((row) => row.tag !== undefined || !left.delete(row.path))
    .map((row) => ({ message: `nobody has asked for ${nameOf(row)}, which has ${row.port}` }));
}

/** Where nothing is released, ports are given from the lowest on, whoever asks first. */
export function lowestPorts(min: number, reserved: readonly Operation<string, number>[]): Broken[] {
  const ports = [...new Set(reserved.map((one) => one.output))].sort((a, b) => a - b);
  if (ports.every((port, index) => port === min + index)) return [];
  const message = `${ports.length} ports are not the lowest: ${ports.join(' ')}`;
  return [{ message, operations: reserved }];
}

/** `d1`, or `d1/port-0` of a group. */
export function nameOf({ path, tag }: Row): string {
  return tag === undefined ? path : `${path}/${tag}`;
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
  // Not read-only: SQLite then leaves CHECK constraints out.
  using database = new DatabaseSync(file);
  const found = database.prepare('PRAGMA integrity_check').all();
  return found
    .map((row) => String(row.integrity_check))
    .filter((line) => line !== 'ok')
    .map((line) => `integrity_check: ${line}`);
}
