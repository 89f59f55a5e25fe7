import type { Board } from '../view/board.ts';
import { byId } from './element.ts';

/** What stands where there are no rows. */
export class EmptyNote {
  readonly #stage = byId('stage', HTMLElement);
  readonly #node = byId('empty', HTMLElement);
  readonly #lead = this.#part('.lead');
  readonly #more = this.#part('.more');
  readonly #try = this.#part('.try');
  readonly #all = this.#part('button');

  constructor(onShowAll: () => void) {
    this.#all.addEventListener('click', onShowAll);
  }

  show(rows: number, { isLoaded, size }: Board): void {
    const isShown = rows === 0 && isLoaded;
    this.#node.hidden = !isShown;
    this.#stage.toggleAttribute('data-empty', rows === 0);
    if (!isShown) return;
    const hidden = size === 1 ? 'One job is' : `${size} jobs are`;
    this.#lead.textContent = size === 0 ? 'No jobs yet' : 'Nothing to show';
    this.#more.textContent =
      size === 0
        ? 'A job appears here as soon as some process registers one.'
        : `${hidden} hidden by the filter.`;
    this.#all.hidden = size === 0;
    this.#try.hidden = size > 0;
  }

  #part(selector: string): HTMLElement {
    const node = this.#node.querySelector(selector);
    if (!(node instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
    return node;
  }
}
