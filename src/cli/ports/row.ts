import type { Reservation } from '../../ports.ts';

/** A reservation as every output names its fields. */
export interface Row {
  readonly port: number;
  readonly path: string;
  readonly tag: string | null;
  readonly project: string | null;
  readonly task: string | null;
  readonly created_at: string;
  readonly last_used_at: string;
}

export function rowOf(reservation: Reservation): Row {
  return {
    port: reservation.port,
    path: reservation.path,
    tag: reservation.tag ?? null,
    project: reservation.project ?? null,
    task: reservation.task ?? null,
    created_at: timeText(reservation.createdAt),
    last_used_at: timeText(reservation.lastUsedAt),
  };
}

/** `YYYY-MM-DD HH:MM:SS` in UTC. Rows of one moment follow each other, so the last is kept. */
export function timeText(at: number): string {
  if (at !== lastTime.at) {
    lastTime = { at, text: new Date(at).toISOString().slice(0, 19).replace('T', ' ') };
  }
  return lastTime.text;
}

let lastTime = { at: Number.NaN, text: '' };

type Cell = string | number | boolean | null;

/** One line of CSV (RFC 4180) or TSV; null is an empty field. */
export function delimitedLine(cells: readonly Cell[], delimiter: ',' | '\t'): string {
  return `${cells.map((cell) => delimitedCell(String(cell ?? ''), delimiter)).join(delimiter)}\n`;
}

function delimitedCell(text: string, delimiter: string): string {
  return text.includes(delimiter) || /["\r\n]/.test(text)
    ? `"${text.replaceAll('"', '""')}"`
    : text;
}

/** An optional text as trop writes it: `Some("x")` or `None`. */
export function optionText(text: string | undefined): string {
  return text === undefined ? 'None' : `Some(${JSON.stringify(text)})`;
}
