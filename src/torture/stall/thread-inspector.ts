import { Session } from 'node:inspector';

/** The inspectors of all threads that this one has started. */
export class ThreadInspector implements Disposable {
  readonly #session = new Session();
  /** Sessions by the number that threads have in Node. */
  readonly #threads = new Map<number, PromiseWithResolvers<string>>();
  readonly #answers = new Map<number, (value: unknown) => void>();
  #asked = 0;

  constructor() {
    this.#session.connect();
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => {
      // Nothing else ties a session to a thread.
      const [, id] = /^\[worker (\d+)\]/.exec(params.workerInfo.title) ?? [];
      this.#thread(Number(id)).resolve(params.sessionId);
    });
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const answer = JSON.parse(params.message);
      this.#answers.get(answer.id)?.(answer.result?.result?.value);
    });
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  }

  /** As that of `ProcessInspector`, in the thread with that `threadId`. */
  async evaluate(threadId: number, expression: string): Promise<unknown> {
    const sessionId = await this.#thread(threadId).promise;
    this.#asked += 1;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#answers.set(this.#asked, resolve);
    const params = { expression, returnByValue: true };
    const message = JSON.stringify({ id: this.#asked, method: 'Runtime.evaluate', params });
    this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
    return promise;
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }

  #thread(threadId: number): PromiseWithResolvers<string> {
    const found = this.#threads.get(threadId) ?? Promise.withResolvers<string>();
    this.#threads.set(threadId, found);
    return found;
  }
}
