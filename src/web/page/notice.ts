import { byId } from './element.ts';
import { ShownText } from './shown.ts';

/** What went wrong, above everything else. */
export class Notice {
  readonly #node = byId('notice', HTMLElement);
  readonly #text = new ShownText(this.#node);

  show(text: string): void {
    this.#text.set(text);
    this.#node.hidden = false;
  }

  hide(): void {
    this.#node.hidden = true;
  }
}
