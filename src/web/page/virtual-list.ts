/** A line of a long list, made once and given one item after the other. */
export interface Line<T> {
  readonly node: HTMLElement;
  show(item: T, index: number): void;
}

interface ListOptions<T> {
  /** What scrolls. */
  readonly scroller: HTMLElement;
  /** As high as all lines together; it holds those that can be seen. */
  readonly holder: HTMLElement;
  readonly lineHeight: () => number;
  readonly keyOf: (item: T) => number;
  readonly makeLine: () => Line<T>;
}

/** Beyond what can be seen, so that scrolling by a little shows no gaps. */
const SPARE_LINES = 6;

/** Shows those of many lines of one height that can be seen. Lines keep their element by their key. */
export class VirtualList<T> {
  readonly #options: ListOptions<T>;
  #items: readonly T[] = [];
  #lines = new Map<number, Line<T>>();
  #spare: Line<T>[] = [];
  #height = -1;

  constructor(options: ListOptions<T>) {
    this.#options = options;
    options.scroller.addEventListener('scroll', () => this.render(), { passive: true });
  }

  get items(): readonly T[] {
    return this.#items;
  }

  get isAtEnd(): boolean {
    const { scroller } = this.#options;
    return scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 4;
  }

  /** Of other items; the first that is seen stays where it is, unless that is the top. */
  setItems(items: readonly T[]): void {
    const anchor = this.#anchor();
    this.#items = items;
    this.#resize();
    if (anchor) this.#scrollBack(anchor, items);
  }

  scrollToEnd(): void {
    const { scroller } = this.#options;
    scroller.scrollTop = scroller.scrollHeight;
  }

  /** Scrolls no further than it takes to see a line. */
  reveal(index: number): void {
    const { scroller, holder, lineHeight } = this.#options;
    const height = lineHeight();
    const head = holder.offsetTop;
    const [top, bottom] = [index * height, (index + 1) * height];
    const room = scroller.clientHeight - head;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (bottom > scroller.scrollTop + room) scroller.scrollTop = bottom - room;
  }

  /** Brings what can be seen up to date. */
  render(): void {
    this.#resize();
    const { holder, lineHeight, keyOf, makeLine } = this.#options;
    const [first, last] = this.#seen();
    const height = lineHeight();
    const seen = this.#items.slice(first, last);
    const keys = new Set(seen.map(keyOf));
    for (const [key, line] of this.#lines) {
      if (keys.has(key)) continue;
      this.#lines.delete(key);
      this.#spare.push(line);
    }
    seen.forEach((item, at) => {
      const index = first + at;
      const key = keyOf(item);
      let line = this.#lines.get(key);
      if (!line) {
        line = this.#spare.pop() ?? makeLine();
        this.#lines.set(key, line);
        if (!line.node.isConnected) holder.append(line.node);
      }
      moveTo(line.node, index * height);
      line.show(item, index);
    });
    for (const line of this.#spare.splice(0)) line.node.remove();
  }

  #seen(): readonly [first: number, last: number] {
    const { scroller, lineHeight } = this.#options;
    const height = lineHeight();
    const top = Math.floor(scroller.scrollTop / height);
    const count = Math.ceil(scroller.clientHeight / height);
    return [
      Math.max(0, top - SPARE_LINES),
      Math.min(this.#items.length, top + count + SPARE_LINES),
    ];
  }

  #resize(): void {
    const height = this.#items.length * this.#options.lineHeight();
    if (height === this.#height) return;
    this.#height = height;
    this.#options.holder.style.height = `${height}px`;
  }

  #anchor(): { key: number; offset: number } | undefined {
    const { scroller, lineHeight, keyOf } = this.#options;
    if (scroller.scrollTop <= 0) return undefined;
    const height = lineHeight();
    const index = Math.floor(scroller.scrollTop / height);
    const item = this.#items[index];
    return item && { key: keyOf(item), offset: scroller.scrollTop - index * height };
  }

  #scrollBack({ key, offset }: { key: number; offset: number }, items: readonly T[]): void {
    const { scroller, lineHeight, keyOf } = this.#options;
    const index = items.findIndex((item) => keyOf(item) === key);
    const top = index * lineHeight() + offset;
    if (index >= 0 && top !== scroller.scrollTop) scroller.scrollTop = top;
  }
}

const tops = new WeakMap<HTMLElement, number>();

function moveTo(node: HTMLElement, top: number): void {
  if (tops.get(node) === top) return;
  tops.set(node, top);
  node.style.top = `${top}px`;
}
