import { placeOf, type TimeWindow, ticksOf } from '../view/time-axis.ts';
import { byId, drawing } from './element.ts';
import { ShownAttribute } from './shown.ts';

/** Hours and minutes above the lanes, lines through them, and the line of now. */
export class TimeOverlay {
  readonly #stage = byId('stage', HTMLElement);
  readonly #head = byId('axis', HTMLElement);
  readonly #overlay = byId('overlay', SVGSVGElement);
  readonly #labels = drawing('svg', { 'aria-hidden': 'true' });
  readonly #grid = drawing('path', { class: 'grid' });
  readonly #now = drawing('path', { class: 'now' });
  readonly #gridShape = new ShownAttribute(this.#grid, 'd');
  readonly #nowShape = new ShownAttribute(this.#now, 'd');
  #shown = '';
  /** Px of a lane. */
  width = 0;
  #height = 0;

  constructor(onResize: () => void) {
    this.#head.append(this.#labels);
    this.#overlay.append(this.#grid, this.#now);
    const observer = new ResizeObserver(() => {
      this.#measure();
      onResize();
    });
    observer.observe(this.#head);
    observer.observe(this.#stage);
    this.#measure();
  }

  render(window: TimeWindow, now: number): void {
    const ticks = this.width > 0 ? ticksOf(window, this.width) : [];
    const places = ticks.map(({ at, label }) => ({ x: rounded(at, window, this.width), label }));
    this.#gridShape.set(places.map(({ x }) => `M${x} 0V${this.#height}`).join(''));
    this.#nowShape.set(`M${rounded(now, window, this.width)} 0V${this.#height}`);
    const shown = places.map(({ x, label }) => `${x} ${label}`).join('|');
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#label(places);
  }

  #label(places: readonly { readonly x: number; readonly label: string }[]): void {
    const texts = [...this.#labels.querySelectorAll('text')];
    for (const [index, { x, label }] of places.entries()) {
      const text = texts[index] ?? this.#labels.appendChild(drawing('text', { y: '19' }));
      text.setAttribute('x', String(x + 4));
      if (text.textContent !== label) text.textContent = label;
    }
    for (const text of texts.slice(places.length)) text.remove();
  }

  #measure(): void {
    const stage = this.#stage.getBoundingClientRect();
    const head = this.#head.getBoundingClientRect();
    this.width = Math.floor(head.width);
    this.#height = Math.max(0, Math.floor(stage.height));
    const { style } = this.#overlay;
    style.left = `${head.left - stage.left}px`;
    style.top = `${head.bottom - stage.top}px`;
    style.width = `${this.width}px`;
    style.height = `${Math.max(0, stage.bottom - head.bottom)}px`;
  }
}

function rounded(at: number, window: TimeWindow, width: number): number {
  return Math.round(placeOf(at, window, width) * 2) / 2;
}
