import { createHmac, type KeyObject } from 'node:crypto';
import { HoldfastError } from '../../errors.ts';
import { transcript } from '../crypto/transcript.ts';
import { type Column, rowOf } from '../seal/columns.ts';
import type { AuditEvent, AuditRecord } from './event.ts';

/** A row of the table `audit`. */
export interface AuditRow {
  readonly sequence: number;
  readonly at: number;
  readonly event: string;
  readonly detail: string;
  readonly mac: Uint8Array;
}

const COLUMNS: Readonly<Record<keyof AuditRow, Column>> = {
  ...{ sequence: 'count', at: 'count', event: 'text', detail: 'text', mac: 'bytes' },
};

/** Where a log stands: the number of its last event and what that was sealed with. */
export interface LogPosition {
  readonly sequence: number;
  readonly mac: Uint8Array;
}

/**
 * The row of the event that follows `last`. Its MAC (HMAC-SHA256) is over the MAC before it and all
 * that it says, so no event can be changed, left out or put elsewhere; where the log ends stands in
 * the sealed state of the vault, so none can be cut off either.
 */
export function nextRow(key: KeyObject, last: LogPosition, at: number, told: AuditEvent): AuditRow {
  const { kind: event, ...fields } = told;
  const row = { sequence: last.sequence + 1, at, event, detail: JSON.stringify(fields) };
  return { ...row, mac: macOf(key, last.mac, row) };
}

/**
 * The record of a row, which must follow `last`.
 * @throws TAMPERED
 */
export function recordOf(key: KeyObject, last: LogPosition, row: AuditRow): AuditRecord {
  rowOf(row, COLUMNS, 'the audit log');
  const isNext = row.sequence === last.sequence + 1;
  if (!isNext || !macOf(key, last.mac, row).equals(row.mac)) {
    throw new HoldfastError(
      'TAMPERED',
      `the audit log is not as the vault wrote it: event ${last.sequence + 1} is missing or changed`,
    );
  }
  const event = { kind: row.event, ...JSON.parse(row.detail) } as AuditEvent;
  return { sequence: row.sequence, at: row.at, event };
}

function macOf(key: KeyObject, before: Uint8Array, row: Omit<AuditRow, 'mac'>): Buffer {
  const { sequence, at, event, detail } = row;
  return createHmac('sha256', key)
    .update(transcript('audit', before, sequence, at, event, detail))
    .digest();
}
