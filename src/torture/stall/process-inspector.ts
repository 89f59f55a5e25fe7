import type { Readable } from 'node:stream';
import { within } from './within.ts';

/** What a process is started with, so that each has an inspector port of its own when it is asked. */
export const INSPECTOR_ARGV = ['--inspect-port=0', '--inspect-publish-uid=stderr'] as const;

/**
 * Opens the inspector of a process that was started with `INSPECTOR_ARGV`; `signal` sends it
 * SIGUSR1. Undefined when it does not say in time where it listens: Node opens it in a thread of
 * its own, but announces it from JavaScript.
 */
export async function openInspector(
  stderr: Readable,
  signal: () => void,
  waitMs: number,
): Promise<ProcessInspector | undefined> {
  let heard = '';
  const { promise, resolve } = Promise.withResolvers<string>();
  const listen = (chunk: Buffer | string) => {
    heard += chunk;
    const [url] = /ws:\/\/\S+\/[0-9a-f-]{36}/.exec(heard) ?? [];
    if (url !== undefined) resolve(url);
  };
  stderr.on('data', listen);
  signal();
  const url = await within(promise, waitMs);
  stderr.off('data', listen);
  return url === undefined ? undefined : new ProcessInspector(url);
}

/** The inspector of another process. */
export class ProcessInspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #opened: Promise<void>;
  #asked = 0;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.addEventListener('open', () => resolve());
    // Nothing listens there any more; whoever asks gives up by the clock.
    this.#socket.addEventListener('error', () => undefined);
    this.#opened = promise;
  }

  /**
   * Value of an expression over there, also while JavaScript runs or waits there: it is evaluated
   * between two instructions. Undefined when it throws; never settles when there is no answer.
   */
  async evaluate(expression: string): Promise<unknown> {
    await this.#opened;
    this.#asked += 1;
    const id = this.#asked;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#socket.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(String(data));
      if (answer.id === id) resolve(answer.result?.result?.value);
    });
    const params = { expression, returnByValue: true };
    this.#socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params }));
    return promise;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
