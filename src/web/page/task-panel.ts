import type { Durations } from '../../tasks/calls.ts';
import type { TaskRecord } from '../../tasks/model/record.ts';
import { pathOf, shownNames } from '../../tasks/model/tree.ts';
import { bytesText } from '../view/amount-text.ts';
import type { ShownOwner } from '../view/board.ts';
import { dateText, spanText } from '../view/clock-text.ts';
import { comparisonOf } from '../view/former-runs.ts';
import type { JobView } from '../view/job-view.ts';
import type { RowFigures } from '../view/row-figures.ts';
import { element } from './element.ts';
import { ShownText } from './shown.ts';

/** What is shown of the selected task. */
export interface TaskDetails {
  readonly view: JobView;
  readonly task: TaskRecord;
  readonly figures: RowFigures;
  readonly owner: ShownOwner | undefined;
  readonly durations: Durations;
}

/** More steps than anyone reads. */
const STEPS_MAX = 200;

const STEP_HEADS = ['Step', 'Status', 'Took', 'Usually', 'Difference'];

/** All that is known of one task, and of its steps beside former runs. */
export class TaskPanel {
  readonly #none = element('p', { class: 'none' }, 'Choose a task to see all of it.');
  readonly #facts = element('dl', { class: 'facts' });
  readonly #values = new Map<string, { node: HTMLElement; text: ShownText }>();
  readonly #title = element('h2');
  readonly #titleText = new ShownText(this.#title);
  readonly #body = element('tbody');
  readonly #steps = element('table', { class: 'steps' }, stepHead(), this.#body);
  #cells: ShownText[][] = [];

  constructor(panel: HTMLElement) {
    panel.append(
      this.#none,
      this.#title,
      element('div', { class: 'about' }, this.#facts, this.#steps),
    );
  }

  show(details: TaskDetails | undefined): void {
    this.#none.hidden = details !== undefined;
    this.#title.hidden = details === undefined;
    const facts = details ? factsOf(details) : [];
    for (const [name, { node }] of this.#values) {
      node.hidden = !facts.some(([other, value]) => other === name && value !== '');
    }
    for (const [name, value] of facts) if (value !== '') this.#fact(name).set(value);
    this.#titleText.set(details ? pathOf(details.task, details.view.tree.byId) : '');
    this.#showSteps(details ? stepsOf(details) : []);
  }

  #fact(name: string): ShownText {
    const known = this.#values.get(name);
    if (known) {
      known.node.hidden = false;
      return known.text;
    }
    const value = element('dd');
    const node = element('div', {}, element('dt', {}, name), value);
    const text = new ShownText(value);
    this.#facts.append(node);
    this.#values.set(name, { node, text });
    return text;
  }

  #showSteps(steps: readonly (readonly string[])[]): void {
    this.#steps.hidden = steps.length === 0;
    while (this.#cells.length < steps.length) {
      const cells = STEP_HEADS.map((_, at) => element('td', at > 1 ? { class: 'number' } : {}));
      this.#body.append(element('tr', {}, ...cells));
      this.#cells.push(cells.map((cell) => new ShownText(cell)));
    }
    while (this.#cells.length > steps.length) {
      this.#cells.pop();
      this.#body.lastElementChild?.remove();
    }
    for (const [row, texts] of steps.entries()) {
      for (const [column, text] of texts.entries()) this.#cells[row]?.[column]?.set(text);
    }
  }
}

function stepHead(): HTMLElement {
  const cells = STEP_HEADS.map((head, at) =>
    element('th', at > 1 ? { class: 'number' } : {}, head),
  );
  return element('thead', {}, element('tr', {}, ...cells));
}

type Fact = readonly [name: string, value: string];

function factsOf({ view: { job }, task, figures, owner }: TaskDetails): readonly Fact[] {
  const generation = job.generation > 1 ? `, generation ${job.generation}` : '';
  const { memoryMinBytes: least, memoryMaxBytes: most, reservedBytes } = job;
  const resident = owner?.residentBytes ?? null;
  return [
    ['Status', figures.isCancelRequested ? `${task.status}, cancel requested` : task.status],
    ['Error', task.error ?? ''],
    ['Says', task.message ?? ''],
    ['Done', figures.progressTitle],
    ['Started', task.startedAt === null ? '' : dateText(task.startedAt)],
    ['Ended', task.finishedAt === null ? '' : dateText(task.finishedAt)],
    ['Beside former runs', figures.leftTitle],
    ['Concurrency', task.concurrency === null ? '' : String(task.concurrency)],
    ['Job', job.job + generation],
    ['Database', job.database],
    ['User', job.user],
    ['Memory estimate', most === null ? '' : `${bytesText(least ?? most)} to ${bytesText(most)}`],
    ['Reserved', reservedBytes > 0 ? bytesText(reservedBytes) : ''],
    ['Process', owner ? `${owner.pid} on ${owner.host}, ${owner.state}` : ''],
    ['In RAM', resident === null ? '' : bytesText(resident)],
    ['Command', owner?.command ?? ''],
    ['Directory', owner?.cwd ?? ''],
  ];
}

function stepsOf({ view, task, durations }: TaskDetails): readonly (readonly string[])[] {
  const children = view.childrenOf(task.id).slice(0, STEPS_MAX);
  const names = shownNames(task, children);
  return children.map((child, index) => {
    const former = durations.get(pathOf(child, view.tree.byId)) ?? [];
    const comparison = comparisonOf(child, former);
    const { startedAt, finishedAt, status } = child;
    const took = startedAt === null || finishedAt === null ? '' : spanText(finishedAt - startedAt);
    const usual = comparison ? spanText(comparison.medianMs) : '';
    return [names[index] ?? child.name, status, took, usual, differenceText(comparison)];
  });
}

function differenceText(comparison: ReturnType<typeof comparisonOf>): string {
  if (!comparison) return '';
  const ms = comparison.tookMs - comparison.medianMs;
  return `${ms < 0 ? '−' : '+'}${spanText(Math.abs(ms))}`;
}
