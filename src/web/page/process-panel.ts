import { isFinal } from '../../tasks/model/record.ts';
import { bytesText } from '../view/amount-text.ts';
import type { Board, ShownOwner } from '../view/board.ts';
import { element } from './element.ts';
import { ShownAttribute, ShownText } from './shown.ts';

const HEADS = ['Process', 'State', 'Jobs', 'Tasks running', 'In RAM', 'Host', 'Command'];
const NUMBERS = new Set([0, 2, 3, 4]);

interface Row {
  readonly node: HTMLElement;
  readonly texts: readonly ShownText[];
  readonly state: ShownAttribute;
}

/** The processes that run something now, and those whose jobs were lost. */
export class ProcessPanel {
  readonly #body = element('tbody');
  readonly #none = element('p', { class: 'none' }, 'No process runs anything.');
  readonly #table: HTMLElement;
  readonly #rows = new Map<number, Row>();

  constructor(panel: HTMLElement) {
    const heads = HEADS.map((head, at) =>
      element('th', NUMBERS.has(at) ? { class: 'number' } : {}, head),
    );
    this.#table = element(
      'table',
      { class: 'processes' },
      element('thead', {}, element('tr', {}, ...heads)),
      this.#body,
    );
    panel.append(this.#none, this.#table);
  }

  show(board: Board): void {
    const owned = ownedOf(board);
    for (const [id, { node }] of this.#rows) {
      if (owned.has(id)) continue;
      node.remove();
      this.#rows.delete(id);
    }
    for (const [id, { owner, jobs, running }] of owned) {
      const row = this.#rows.get(id) ?? this.#make(id);
      const resident = owner.residentBytes ?? null;
      const memory = resident === null ? '' : bytesText(resident);
      const { pid, state, host, command } = owner;
      const texts = [String(pid), state, String(jobs), String(running), memory, host, command];
      for (const [at, text] of texts.entries()) row.texts[at]?.set(text);
      row.state.set(state);
    }
    this.#none.hidden = owned.size > 0;
    this.#table.hidden = owned.size === 0;
  }

  #make(id: number): Row {
    const cells = HEADS.map((_, at) => element('td', NUMBERS.has(at) ? { class: 'number' } : {}));
    const badge = element('span', { class: 'badge' });
    cells[1]?.append(badge);
    const node = element('tr', {}, ...cells);
    this.#body.append(node);
    const texts = cells.map((cell, at) => new ShownText(at === 1 ? badge : cell));
    const row = { node, texts, state: new ShownAttribute(badge, 'data-state') };
    this.#rows.set(id, row);
    return row;
  }
}

interface Owned {
  owner: ShownOwner;
  jobs: number;
  running: number;
}

function ownedOf(board: Board): ReadonlyMap<number, Owned> {
  const owned = new Map<number, Owned>();
  for (const id of board.ids) {
    const view = board.view(id);
    const owner = view && board.owners.get(view.job.owner);
    const status = view?.root?.status;
    if (!owner || !status || (isFinal(status) && status !== 'lost')) continue;
    const found = owned.get(owner.id) ?? { owner, jobs: 0, running: 0 };
    owned.set(owner.id, found);
    if (status === 'lost') found.owner = { ...owner, state: 'dead', residentBytes: null };
    else found.jobs += 1;
    found.running += view.tasks.filter(
      (task) => task.kind === 'leaf' && task.status === 'running',
    ).length;
  }
  return owned;
}
