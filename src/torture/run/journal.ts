import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Operation } from '../declare/operation.ts';

/**
 * Where a worker process writes each operation when it returns, one JSON line in one `write`: what
 * it has done is known even after kill -9.
 */
export class Journal {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a', 0o600);
  }

  append(operation: Operation): void {
    writeSync(this.#file, `${JSON.stringify(operation)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The operations in a journal. A last line that was cut off is an operation that never returned. */
export function readJournal(path: string): Operation[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line): Operation => JSON.parse(line));
}
