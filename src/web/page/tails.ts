import type { TaskEvent } from '../../tasks/model/event.ts';
import { Board } from '../view/board.ts';
import { eventLine, keptLine, logEventLine, type TailLine } from '../view/event-line.ts';
import type { History } from '../wire.ts';
import { byId } from './element.ts';
import { Tail } from './tail.ts';

/** What happened and what was logged: first what there was, then what comes. */
export class Tails {
  readonly #board: Board;
  readonly #events: Tail;
  readonly #log: Tail;
  readonly #ofJob = byId('of-job', HTMLInputElement);
  #jobId: number | undefined;

  constructor(board: Board, onSelect: (line: TailLine) => void) {
    this.#board = board;
    const panel = (name: string) => byId(`panel-${name}`, HTMLElement);
    this.#events = new Tail(panel('events'), 'Nothing has happened yet.', onSelect);
    this.#log = new Tail(panel('log'), 'No warnings, no log lines.', onSelect);
    this.#ofJob.addEventListener('change', () => this.#narrow());
  }

  add(events: readonly TaskEvent[]): void {
    this.#events.add(events.flatMap((event) => eventLine(event, this.#board) ?? []));
    this.#log.add(events.flatMap((event) => logEventLine(event, this.#board) ?? []));
  }

  /** Puts what there was before in front. */
  scrollBack({ events, log }: History): void {
    const former = new Board().takeEvents(events);
    this.#events.setHistory(former.flatMap((event) => eventLine(event, this.#board) ?? []));
    this.#log.setHistory(log.map(keptLine));
  }

  /** The job that is meant by `only this job`. */
  select(jobId: number): void {
    this.#jobId = jobId;
    this.#narrow();
  }

  /** Shows the end of one that was hidden. */
  show(tab: string): void {
    if (tab === 'events') this.#events.scrollToEnd();
    if (tab === 'log') this.#log.scrollToEnd();
  }

  #narrow(): void {
    const only = this.#ofJob.checked ? this.#jobId : undefined;
    this.#events.setOnly(only);
    this.#log.setOnly(only);
  }
}
