import type { CancelRequest, DurationsRequest, History } from '../wire.ts';

/** What the page asks of its server beside the stream. */
export class Api {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  /** The stream of events, behind one of them if there is one. */
  events(lastId: string, signal: AbortSignal): Promise<Response> {
    const last: Record<string, string> = lastId === '' ? {} : { 'Last-Event-ID': lastId };
    const headers = { ...this.#headers, ...last, Accept: 'text/event-stream' };
    return fetch('/api/events', { headers, signal, cache: 'no-store' });
  }

  async history(before: number): Promise<History> {
    return this.#json(await fetch(`/api/history?before=${before}`, { headers: this.#headers }));
  }

  async durations(request: DurationsRequest): Promise<readonly (readonly number[])[]> {
    return this.#post('/api/durations', request);
  }

  async cancel(request: CancelRequest): Promise<{ readonly isRequested: boolean }> {
    return this.#post('/api/cancel', request);
  }

  get #headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.#token}` };
  }

  async #post<T>(path: string, body: unknown): Promise<T> {
    const headers = { ...this.#headers, 'Content-Type': 'application/json' };
    return this.#json(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
  }

  async #json<T>(response: Response): Promise<T> {
    if (!response.ok) throw new Error((await response.text()).trim());
    return response.json();
  }
}
