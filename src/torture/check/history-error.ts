/** A history that cannot be read, or that its model has no words for; the message names the line. */
export class HistoryError extends Error {
  readonly line: number;

  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.name = 'HistoryError';
    this.line = line;
  }
}
