import type { TaskRow } from '../view/task-rows.ts';
import { byId } from './element.ts';
import { ShownAttribute } from './shown.ts';
import { type RowContent, TreeRow } from './tree-row.ts';
import { VirtualList } from './virtual-list.ts';

interface TreeOptions {
  readonly contentOf: (row: TaskRow) => RowContent | undefined;
  readonly onFold: (row: TaskRow) => void;
  readonly onSelect: (row: TaskRow) => void;
  readonly onCancel: (row: TaskRow) => void;
  /** By the keyboard, of the selected row. */
  readonly onOpen: () => void;
}

/** The tree of jobs and tasks: as many rows as can be seen, and keys to walk through all of them. */
export class Tree {
  readonly #node = byId('tree', HTMLElement);
  readonly #options: TreeOptions;
  readonly #list: VirtualList<TaskRow>;
  readonly #active = new ShownAttribute(this.#node, 'aria-activedescendant');
  readonly #count = new ShownAttribute(this.#node, 'aria-rowcount');
  #rowPx = 30;
  selected: number | undefined;

  constructor(options: TreeOptions) {
    this.#options = options;
    const actions = {
      ...options,
      isSelected: ({ key }: TaskRow) => key === this.selected,
      onSelect: (row: TaskRow) => this.select(row),
    };
    this.#list = new VirtualList<TaskRow>({
      scroller: this.#node,
      holder: byId('rows', HTMLElement),
      lineHeight: () => this.#rowPx,
      keyOf: ({ key }) => key,
      makeLine: () => new TreeRow(actions),
    });
    this.#node.addEventListener('keydown', (event) => this.#key(event));
    this.measure();
  }

  get rows(): readonly TaskRow[] {
    return this.#list.items;
  }

  /** Rows are higher where the window is narrow. */
  measure(): void {
    const px = Number.parseFloat(getComputedStyle(this.#node).getPropertyValue('--row'));
    if (px > 0) this.#rowPx = px;
  }

  setRows(rows: readonly TaskRow[]): void {
    this.#list.setItems(rows);
    this.#count.set(String(rows.length + 1));
  }

  render(): void {
    this.#list.render();
    const isShown = this.selected !== undefined && document.getElementById(`row-${this.selected}`);
    this.#active.set(isShown ? `row-${this.selected}` : undefined);
  }

  select(row: TaskRow): void {
    this.selected = row.key;
    this.#options.onSelect(row);
  }

  reveal(key: number): void {
    const index = this.#list.items.findIndex((row) => row.key === key);
    if (index >= 0) this.#list.reveal(index);
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#node || event.ctrlKey || event.metaKey || event.altKey) return;
    const { rows } = this;
    const at = rows.findIndex(({ key }) => key === this.selected);
    const row = rows[at];
    const page = Math.max(1, Math.floor(this.#node.clientHeight / this.#rowPx) - 2);
    const steps: Readonly<Record<string, () => void>> = {
      ArrowDown: () => this.#walk(at + 1),
      ArrowUp: () => this.#walk(at - 1),
      PageDown: () => this.#walk(at + page),
      PageUp: () => this.#walk(at - page),
      Home: () => this.#walk(0),
      End: () => this.#walk(rows.length - 1),
      ArrowRight: () => row && this.#inwards(row, at),
      ArrowLeft: () => row && this.#outwards(row, at),
      ' ': () => row?.isUnfolded !== undefined && this.#options.onFold(row),
      Enter: () => row && this.#options.onOpen(),
      Delete: () => row && this.#options.onCancel(row),
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    step();
  }

  #walk(index: number): void {
    const row = this.rows[Math.max(0, Math.min(index, this.rows.length - 1))];
    if (!row) return;
    this.select(row);
    this.reveal(row.key);
  }

  #inwards(row: TaskRow, at: number): void {
    if (row.isUnfolded === false) this.#options.onFold(row);
    else if (row.isUnfolded) this.#walk(at + 1);
  }

  #outwards(row: TaskRow, at: number): void {
    if (row.isUnfolded) {
      this.#options.onFold(row);
      return;
    }
    const parent = this.rows.findLastIndex(
      ({ depth }, index) => index < at && depth === row.depth - 1,
    );
    if (parent >= 0) this.#walk(parent);
  }
}
