/** One event of a stream. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** Of this event or, where it has none, of the last one that had. */
  readonly lastId: string;
}

/** Takes the text of a `text/event-stream` in pieces of any length, and answers whole events. */
export class SseParser {
  #rest = '';
  #data: string[] = [];
  #event = '';
  lastId: string;
  /** How long to wait before connecting again, once the stream has said so. */
  retryMs: number | undefined;

  constructor(lastId = '') {
    this.lastId = lastId;
  }

  *push(text: string): Generator<StreamEvent> {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') this.#take(line);
      else if (this.#data.length > 0) yield this.#finish();
      else this.#event = '';
    }
  }

  #take(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'id') this.lastId = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
  }

  #finish(): StreamEvent {
    const found = {
      event: this.#event || 'message',
      data: this.#data.join('\n'),
      lastId: this.lastId,
    };
    this.#data = [];
    this.#event = '';
    return found;
  }
}
