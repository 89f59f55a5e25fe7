import { isFinal, type TaskStatus } from '../../tasks/model/record.ts';
import type { Board } from '../view/board.ts';
import { type JobFilter, USUAL_FILTER } from '../view/job-filter.ts';
import { type Choice, Choices } from './choices.ts';
import type { ConnectionState } from './connection.ts';
import { byId } from './element.ts';
import { ShownAttribute, ShownText } from './shown.ts';

const STATUSES: readonly TaskStatus[] = [
  'running',
  'pending',
  'finished',
  'failed',
  'canceled',
  'lost',
];

const STATES: Readonly<Record<ConnectionState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  waiting: 'Reconnecting',
  refused: 'Not allowed',
};

/** How many jobs there are of each status. */
export type StatusCounts = ReadonlyMap<TaskStatus, number>;

/** The filter and whether the page is up to date. */
export class Sidebar {
  readonly #text = byId('text', HTMLInputElement);
  readonly #job = byId('job', HTMLInputElement);
  readonly #activeOnly = byId('active-only', HTMLInputElement);
  readonly #clear = byId('clear', HTMLButtonElement);
  readonly #statuses: Choices;
  readonly #databases: Choices;
  readonly #users: Choices;
  readonly #onChange: () => void;
  readonly #connection = byId('connection', HTMLElement);
  readonly #state = new ShownAttribute(this.#connection, 'data-state');
  readonly #word = new ShownText(this.#connection);

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    const changed = () => this.#changed();
    this.#statuses = new Choices('statuses', 1, () => {
      // Who asks for jobs that have ended does not want active ones only.
      if ([...this.#statuses.chosen].some((status) => isFinal(status as TaskStatus))) {
        this.#activeOnly.checked = false;
      }
      changed();
    });
    this.#databases = new Choices('databases', 2, changed);
    this.#users = new Choices('users', 2, changed);
    for (const input of [this.#text, this.#job]) input.addEventListener('input', changed);
    this.#activeOnly.addEventListener('change', () => {
      if (this.#activeOnly.checked) this.#statuses.choose(new Set());
      changed();
    });
    this.#clear.addEventListener('click', () => this.reset(true));
    byId('filter', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
    this.#listenToKeys();
    this.#unfoldable();
  }

  get filter(): JobFilter {
    return {
      text: this.#text.value.trim(),
      job: this.#job.value.trim(),
      activeOnly: this.#activeOnly.checked,
      databases: this.#databases.chosen,
      users: this.#users.chosen,
      statuses: new Set([...this.#statuses.chosen] as TaskStatus[]),
    };
  }

  reset(activeOnly: boolean): void {
    this.#text.value = USUAL_FILTER.text;
    this.#job.value = USUAL_FILTER.job;
    this.#activeOnly.checked = activeOnly;
    for (const choices of [this.#statuses, this.#databases, this.#users]) choices.choose(new Set());
    this.#changed();
  }

  showState(state: ConnectionState): void {
    this.#state.set(state);
    this.#word.set(STATES[state]);
  }

  /** Counts the jobs of the board, and answers them by status. */
  count(board: Board): StatusCounts {
    const statuses = new Map<TaskStatus, number>();
    const databases = new Map<string, number>();
    const users = new Map<string, number>();
    for (const id of board.ids) {
      const view = board.view(id);
      if (!view?.root) continue;
      add(statuses, view.root.status);
      add(databases, view.job.database);
      add(users, view.job.user);
    }
    this.#statuses.show(STATUSES.map((value) => ({ value, count: statuses.get(value) ?? 0 })));
    this.#databases.show(choicesOf(databases));
    this.#users.show(choicesOf(users));
    return statuses;
  }

  #changed(): void {
    const { text, job, activeOnly, databases, users, statuses } = this.filter;
    const isUsual = activeOnly && text === '' && job === '';
    this.#clear.hidden = isUsual && databases.size + users.size + statuses.size === 0;
    this.#onChange();
  }

  #listenToKeys(): void {
    document.addEventListener('keydown', (event) => {
      const isTyping = event.target instanceof HTMLElement && event.target.matches('input, select');
      if (event.key === '/' && !isTyping) {
        event.preventDefault();
        this.#text.focus();
      } else if (event.key === 'Escape' && event.target === this.#text) {
        byId('tree', HTMLElement).focus();
      }
    });
  }

  /** Where the window is narrow the filter is folded away. */
  #unfoldable(): void {
    const button = byId('filters', HTMLButtonElement);
    button.addEventListener('click', () => {
      const isOpen = button.getAttribute('aria-expanded') === 'true';
      button.setAttribute('aria-expanded', String(!isOpen));
    });
  }
}

function add<T>(counts: Map<T, number>, value: T): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}

function choicesOf(counts: ReadonlyMap<string, number>): readonly Choice[] {
  return [...counts].map(([value, count]) => ({ value, count }));
}
