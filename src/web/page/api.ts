import type { CancelRequest, DurationsRequest, History } from '../wire.ts';

/** What the page asks of its server beside the stream. */
export class Api {
  readonly #token: string;
  /** How far the clock of the server is ahead of ours, where they are two. */
  aheadMs = 0;

  constructor(token: string) {
    this.#token = token;
  }

  /** The stream of events, behind one of them if there is one. */
  async events(lastId: string, signal: AbortSignal): Promise<Response> {
    const last: Record<string, string> = lastId === '' ? {} : { 'Last-Event-ID': lastId };
    const headers = { ...this.#headers, ...last, Accept: 'text/event-stream' };
    const response = await fetch('/api/events', { headers, signal, cache: 'no-store' });
    this.aheadMs = aheadOf(response.headers.get('date'));
    return response;
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

/** The header has whole seconds: what is less apart is no difference. */
const CLOCK_STEP_MS = 2000;

/** Through a tunnel the server may be on another machine. */
function aheadOf(date: string | null): number {
  const aheadMs = date === null ? 0 : Date.parse(date) - Date.now();
  return Math.abs(aheadMs) < CLOCK_STEP_MS || Number.isNaN(aheadMs) ? 0 : aheadMs;
}
