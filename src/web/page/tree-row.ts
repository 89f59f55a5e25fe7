import type { RowFigures } from '../view/row-figures.ts';
import type { Lane } from '../view/task-lane.ts';
import type { TaskRow } from '../view/task-rows.ts';
import { drawing, element } from './element.ts';
import { ShownAttribute, ShownText } from './shown.ts';
import { StatusIcon } from './status-icon.ts';
import type { Line } from './virtual-list.ts';

/** What a row shows beside its place in the tree. */
export interface RowContent {
  readonly figures: RowFigures;
  readonly lane: Lane;
  /** Closed path of recent rates; empty for none. */
  readonly curve: string;
}

export interface RowActions {
  readonly contentOf: (row: TaskRow) => RowContent | undefined;
  readonly isSelected: (row: TaskRow) => boolean;
  readonly onFold: (row: TaskRow) => void;
  readonly onSelect: (row: TaskRow) => void;
  readonly onCancel: (row: TaskRow) => void;
}

/** Box of the curve, in px. */
export const CURVE = { width: 46, height: 18 };

const INDENT_PX = 16;

/** Deeper ones would leave no room for the name. */
const INDENT_MAX = 12;

/** One line of the tree. */
export class TreeRow implements Line<TaskRow> {
  readonly node: HTMLElement;
  readonly #actions: RowActions;
  #row: TaskRow | undefined;

  readonly #twisty = element('button', { type: 'button', class: 'twisty', tabindex: '-1' });
  readonly #icon = new StatusIcon();
  readonly #label = element('span', { class: 'label' });
  readonly #aside = element('span', { class: 'aside' });
  readonly #asked = element('span', { class: 'tag warning' }, 'cancel requested');
  readonly #track = element('div', { class: 'track' });
  readonly #percent = element('span', { class: 'number' });
  readonly #rate = element('span', { class: 'number' });
  readonly #curve = drawing('path');
  readonly #owner = element('span', { class: 'badge' });
  readonly #bar = drawing('rect', { class: 'bar', y: '9', height: '10', rx: '2' });
  readonly #rest = drawing('rect', { class: 'rest', y: '9', height: '10', rx: '2' });
  readonly #ticks = drawing('path', { class: 'ticks' });
  readonly #cancel = element('button', { type: 'button', class: 'cancel', tabindex: '-1' });

  readonly #cells = {
    name: cell('name', this.#twisty, this.#icon.node, this.#label, this.#asked, this.#aside),
    progress: cell('progress', this.#track, this.#percent),
    rate: cell('rate', sparkline(this.#curve), this.#rate),
    left: cell('left'),
    elapsed: cell('elapsed'),
    owner: cell('owner', this.#owner),
    memory: cell('memory'),
    lane: cell('lane', drawing('svg', {}, this.#rest, this.#bar, this.#ticks)),
    action: cell('action', this.#cancel),
  };

  readonly #text = {
    label: new ShownText(this.#label),
    aside: new ShownText(this.#aside),
    percent: new ShownText(this.#percent),
    rate: new ShownText(this.#rate),
    left: new ShownText(this.#cells.left),
    elapsed: new ShownText(this.#cells.elapsed),
    owner: new ShownText(this.#owner),
    memory: new ShownText(this.#cells.memory),
  };

  readonly #attribute;

  constructor(actions: RowActions) {
    this.#actions = actions;
    this.node = element('div', { class: 'row', role: 'row' }, ...Object.values(this.#cells));
    this.#attribute = attributesOf(this.node, {
      twisty: this.#twisty,
      label: this.#label,
      aside: this.#aside,
      progress: this.#cells.progress,
      left: this.#cells.left,
      owner: this.#owner,
      memory: this.#cells.memory,
      cancel: this.#cancel,
      curve: this.#curve,
      ticks: this.#ticks,
    });
    this.#cancel.append(
      drawing(
        'svg',
        { viewBox: '0 0 16 16', 'aria-hidden': 'true' },
        drawing('path', { d: 'M5 5h6v6h-6Z' }),
      ),
    );
    this.#twisty.append(
      drawing(
        'svg',
        { viewBox: '0 0 16 16', 'aria-hidden': 'true' },
        drawing('path', { d: 'M6 4l4 4l-4 4' }),
      ),
    );
    this.#listen();
  }

  show(row: TaskRow, index: number): void {
    this.#row = row;
    const content = this.#actions.contentOf(row);
    if (!content) return;
    this.#place(row, index);
    this.#figures(content.figures, row.name);
    this.#lane(content.lane);
    this.#attribute.curve.set(content.curve);
  }

  #listen(): void {
    const does = (act: (row: TaskRow) => void) => (event: Event) => {
      event.stopPropagation();
      if (this.#row) act(this.#row);
    };
    this.node.addEventListener(
      'click',
      does((row) => this.#actions.onSelect(row)),
    );
    this.#twisty.addEventListener(
      'click',
      does((row) => this.#actions.onFold(row)),
    );
    this.#cancel.addEventListener(
      'click',
      does((row) => this.#actions.onCancel(row)),
    );
  }

  #place(row: TaskRow, index: number): void {
    const { depth, isUnfolded, place, count } = row;
    const set = this.#attribute;
    set.id.set(`row-${row.key}`);
    set.index.set(String(index + 2));
    set.level.set(String(depth + 1));
    set.place.set(String(place));
    set.count.set(String(count));
    set.unfolded.set(isUnfolded === undefined ? undefined : String(isUnfolded));
    set.selected.set(String(this.#actions.isSelected(row)));
    set.fold.set(isUnfolded ? 'Fold' : 'Unfold');
    set.root.set(depth === 0 ? '' : undefined);
    const indent = `${Math.min(depth, INDENT_MAX) * INDENT_PX}px`;
    if (this.#twisty.style.marginLeft !== indent) this.#twisty.style.marginLeft = indent;
  }

  #figures(figures: RowFigures, name: string): void {
    const [set, text] = [this.#attribute, this.#text];
    const { owner, status } = figures;
    this.#icon.show(status);
    set.status.set(status);
    set.unbegun.set(figures.isUnbegun ? '' : undefined);
    set.error.set(figures.hasError ? '' : undefined);
    text.label.set(name);
    set.title.set(name);
    text.aside.set(figures.aside);
    set.asideTitle.set(figures.aside || undefined);
    set.asked.set(figures.isCancelRequested ? '' : undefined);
    text.percent.set(figures.progress);
    set.progressTitle.set(figures.progressTitle || undefined);
    set.least.set(figures.isLeast ? '' : undefined);
    this.#filled(figures.fill);
    text.rate.set(figures.rate);
    text.left.set(figures.left);
    set.leftTitle.set(figures.leftTitle || undefined);
    set.slow.set(figures.isSlow ? '' : undefined);
    text.elapsed.set(figures.elapsed);
    text.owner.set(owner ? String(owner.pid) : '');
    set.owner.set(owner?.state);
    set.ownerTitle.set(owner && `${owner.state}: ${owner.command}`);
    text.memory.set(figures.memory);
    set.memoryTitle.set(figures.memoryTitle || undefined);
    set.cancel.set(figures.canCancel ? undefined : '');
    set.cancelName.set(`Ask to cancel ${name}`);
  }

  #shownFill = -1;

  #filled(fraction: number): void {
    const fill = Math.round(fraction * 1000) / 10;
    if (fill === this.#shownFill) return;
    this.#shownFill = fill;
    this.#track.style.backgroundSize = `${fill}% 100%`;
  }

  #shownLane = '';

  #lane({ bar, rest, ticks }: Lane): void {
    const shown = `${bar?.x} ${bar?.width} ${rest?.x} ${rest?.width}`;
    if (shown !== this.#shownLane) {
      this.#shownLane = shown;
      span(this.#bar, bar);
      span(this.#rest, rest);
    }
    this.#attribute.ticks.set(ticks.map((x) => `M${x} 9v10`).join(''));
  }
}

function span(node: SVGRectElement, place: { x: number; width: number } | undefined): void {
  node.setAttribute('x', String(place?.x ?? 0));
  node.setAttribute('width', String(place?.width ?? 0));
}

function cell(name: string, ...content: Node[]): HTMLElement {
  return element('div', { class: `cell ${name}`, role: 'gridcell' }, ...content);
}

function sparkline(path: SVGPathElement): SVGSVGElement {
  const { width, height } = CURVE;
  const box = { width: String(width), height: String(height), viewBox: `0 0 ${width} ${height}` };
  return drawing('svg', { ...box, class: 'curve', 'aria-hidden': 'true' }, path);
}

interface Parts {
  readonly twisty: Element;
  readonly label: Element;
  readonly aside: Element;
  readonly progress: Element;
  readonly left: Element;
  readonly owner: Element;
  readonly memory: Element;
  readonly cancel: Element;
  readonly curve: Element;
  readonly ticks: Element;
}

function attributesOf(node: Element, parts: Parts) {
  const of = (part: Element, name: string) => new ShownAttribute(part, name);
  return {
    id: of(node, 'id'),
    index: of(node, 'aria-rowindex'),
    level: of(node, 'aria-level'),
    place: of(node, 'aria-posinset'),
    count: of(node, 'aria-setsize'),
    unfolded: of(node, 'aria-expanded'),
    selected: of(node, 'aria-selected'),
    status: of(node, 'data-status'),
    root: of(node, 'data-root'),
    unbegun: of(node, 'data-unbegun'),
    error: of(node, 'data-error'),
    asked: of(node, 'data-asked'),
    least: of(node, 'data-least'),
    fold: of(parts.twisty, 'aria-label'),
    title: of(parts.label, 'title'),
    asideTitle: of(parts.aside, 'title'),
    progressTitle: of(parts.progress, 'title'),
    leftTitle: of(parts.left, 'title'),
    slow: of(parts.left, 'data-slow'),
    owner: of(parts.owner, 'data-state'),
    ownerTitle: of(parts.owner, 'title'),
    memoryTitle: of(parts.memory, 'title'),
    cancel: of(parts.cancel, 'hidden'),
    cancelName: of(parts.cancel, 'aria-label'),
    curve: of(parts.curve, 'd'),
    ticks: of(parts.ticks, 'd'),
  };
}
