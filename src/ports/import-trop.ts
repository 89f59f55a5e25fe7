import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { inspectReadOnly } from '../engine/sqlite.ts';
import { all, type Steps } from '../engine/steps.ts';
import { HoldfastError } from '../errors.ts';
import type { Ledger } from './ledger.ts';
import {
  decodeReservation,
  type RawReservation,
  RESERVATION_COLUMNS,
  type Reservation,
} from './reservation.ts';
import { foundVersion } from './schema.ts';
import { TROP_DATABASE_FILE } from './store-file.ts';

/** What has been taken over from trop. */
export interface Imported {
  readonly imported: readonly Reservation[];
  /** Left out, because the key or the port is reserved here already. */
  readonly conflicts: readonly Reservation[];
  /** Whether its `config.yaml` was copied; one that is here already stays. */
  readonly config: boolean;
}

/**
 * Takes over the reservations of a data directory of trop, with ports and times, in one
 * transaction, and its `config.yaml` where there is none. trop's own files are only read.
 * @throws STORE_MISSING, NOT_A_STORE, SCHEMA_TOO_NEW, CORRUPT
 */
export async function importTrop(
  engine: Engine,
  ledger: Ledger,
  from: string,
  to: string,
): Promise<Imported> {
  const rows = inspectReadOnly(join(from, TROP_DATABASE_FILE), readTrop);
  const taken = await engine.write(() => importBody(ledger, rows));
  return { ...taken, config: await copyConfig(from, to) };
}

function* readTrop(): Steps<readonly Reservation[]> {
  const version = yield* foundVersion();
  if (version === 0) throw new HoldfastError('NOT_A_STORE', 'not a database of trop: no tables');
  const rows = yield* all<RawReservation>(`SELECT ${RESERVATION_COLUMNS} FROM reservations`);
  // The first version has no tag where the second has an empty one.
  return rows.map((row) => decodeReservation({ ...row, tag: row.tag ?? '' }));
}

export function* importBody(
  ledger: Ledger,
  rows: readonly Reservation[],
): Steps<Omit<Imported, 'config'>> {
  const imported: Reservation[] = [];
  const conflicts: Reservation[] = [];
  for (const row of rows) {
    const isImported = yield* ledger.insertIfFree(row);
    (isImported ? imported : conflicts).push(row);
  }
  return { imported, conflicts };
}

async function copyConfig(from: string, to: string): Promise<boolean> {
  const name = 'config.yaml';
  try {
    await copyFile(join(from, name), join(to, name), constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EEXIST') return false;
    throw error;
  }
}
