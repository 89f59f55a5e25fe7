import type { Update } from '../calls.ts';

/** What is called with each update, one at a time; the next one waits for its promise. */
export type Handler = (update: Update) => void | Promise<void>;

/** A handler that is fed on its own: how slow it is, and what it throws, no other one feels. */
export class Listener implements AsyncDisposable {
  readonly #controller = new AbortController();
  readonly #done: Promise<void>;

  /** Made by the store. */
  constructor(
    subscribe: (signal: AbortSignal) => AsyncIterable<Update>,
    handler: Handler,
    onError: (error: unknown) => void,
  ) {
    this.#done = feed(subscribe(this.#controller.signal), handler, onError);
  }

  /** Resolves when it is fed no more: it was closed, or the store can no longer be read. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Ends it after the update that it is at. The handler itself may call this, but not wait for it. */
  async close(): Promise<void> {
    this.#controller.abort();
    await this.#done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function feed(
  updates: AsyncIterable<Update>,
  handler: Handler,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    for await (const update of updates) {
      try {
        await handler(update);
      } catch (error) {
        onError(error);
      }
    }
  } catch (error) {
    onError(error);
  }
}
