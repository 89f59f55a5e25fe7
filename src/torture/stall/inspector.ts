/** The inspector of another process. */
export class Inspector implements Disposable {
  /** Rejects when there is none at the address. */
  readonly opened: Promise<void>;
  readonly #socket: WebSocket;
  #asked = 0;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.addEventListener('open', () => resolve());
    this.#socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)));
    this.opened = promise;
  }

  /**
   * Value of an expression over there, also while JavaScript runs or waits there: it is evaluated
   * between two instructions. Undefined when it throws; never settles when there is no answer.
   */
  evaluate(expression: string): Promise<unknown> {
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
