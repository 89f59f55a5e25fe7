import { SseParser, type StreamEvent } from '../view/sse-parser.ts';
import type { Api } from './api.ts';

/**
 * `live`: the stream is open. `waiting`: it broke, and is opened again. `refused`: the link is none of
 * this server.
 */
export type ConnectionState = 'connecting' | 'live' | 'waiting' | 'refused';

interface Listeners {
  readonly onEvent: (event: StreamEvent) => void;
  readonly onState: (state: ConnectionState) => void;
}

/** Twice the time after which a server that has nothing to say says so. */
const SILENCE_MS = 35_000;

const RETRY_MS = 1000;

/** Reads the stream for ever, and goes on behind the last event when it breaks. */
export class Connection {
  readonly #api: Api;
  readonly #listeners: Listeners;
  #lastId = '';
  #retryMs = RETRY_MS;
  #isWanted = true;
  #goOn: (() => void) | undefined;
  #silence: Watchdog | undefined;

  constructor(api: Api, listeners: Listeners) {
    this.#api = api;
    this.#listeners = listeners;
  }

  async run(): Promise<void> {
    for (;;) {
      if (this.#isWanted && !(await this.#readOnce())) return;
      this.#listeners.onState('waiting');
      await this.#pause();
    }
  }

  /** Ends the stream until it is wanted again. */
  setWanted(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    if (isWanted) this.#goOn?.();
    else this.#silence?.bark();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
      if (this.#isWanted) setTimeout(resolve, this.#retryMs);
    });
  }

  /** False when it is of no use to try again. */
  async #readOnce(): Promise<boolean> {
    const silence = new Watchdog(SILENCE_MS);
    this.#silence = silence;
    const response = await unlessBroken(this.#api.events(this.#lastId, silence.signal));
    const isRefused = response?.status === 401;
    if (isRefused) this.#listeners.onState('refused');
    else if (response?.ok && response.body) await this.#read(response.body.getReader(), silence);
    silence.stop();
    return !isRefused;
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>, silence: Watchdog): Promise<void> {
    const parser = new SseParser(this.#lastId);
    const decoder = new TextDecoder();
    this.#listeners.onState('live');
    for (;;) {
      const chunk = await unlessBroken(reader.read());
      if (chunk?.value === undefined) return;
      silence.feed();
      for (const event of parser.push(decoder.decode(chunk.value, { stream: true }))) {
        this.#listeners.onEvent(event);
        this.#lastId = event.lastId;
      }
      this.#retryMs = parser.retryMs ?? this.#retryMs;
    }
  }
}

/** Undefined where the connection broke: the next one goes on where it ended. */
function unlessBroken<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch(() => undefined);
}

/** Aborts when it is not fed for so long. */
class Watchdog {
  readonly #ms: number;
  readonly #controller = new AbortController();
  #timer: number | undefined;

  constructor(ms: number) {
    this.#ms = ms;
    this.feed();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  feed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.bark(), this.#ms);
  }

  bark(): void {
    this.#controller.abort();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
