import { byId, element } from './element.ts';
import { ShownText } from './shown.ts';

/** What can be chosen and how many jobs there are of it. */
export interface Choice {
  readonly value: string;
  readonly count: number;
}

interface Box {
  readonly node: HTMLElement;
  readonly input: HTMLInputElement;
  readonly count: ShownText;
}

/** A list of boxes to tick, in a fieldset of the page. None ticked leaves nobody out. */
export class Choices {
  readonly #node: HTMLElement;
  readonly #boxes = new Map<string, Box>();
  readonly #onChange: () => void;
  /** Shown only where there is a choice. */
  readonly #least: number;

  constructor(id: string, least: number, onChange: () => void) {
    this.#node = byId(id, HTMLFieldSetElement);
    this.#least = least;
    this.#onChange = onChange;
  }

  get chosen(): ReadonlySet<string> {
    const boxes = [...this.#boxes].filter(([, { input }]) => input.checked);
    return new Set(boxes.map(([value]) => value));
  }

  choose(values: ReadonlySet<string>): void {
    for (const [value, { input }] of this.#boxes) input.checked = values.has(value);
  }

  show(choices: readonly Choice[]): void {
    const values = new Set(choices.map(({ value }) => value));
    for (const [value, { node, input }] of this.#boxes) {
      // What is chosen stays, so that it can be taken back.
      if (values.has(value) || input.checked) continue;
      node.remove();
      this.#boxes.delete(value);
    }
    for (const { value, count } of choices) {
      const box = this.#boxes.get(value) ?? this.#make(value);
      box.count.set(count === 0 ? '' : String(count));
      box.node.toggleAttribute('data-none', count === 0);
    }
    this.#node.hidden = this.#boxes.size < this.#least;
  }

  #make(value: string): Box {
    const input = element('input', { type: 'checkbox', value });
    const count = element('span', { class: 'count' });
    const node = element(
      'label',
      { class: 'check', 'data-value': value },
      input,
      element('span', { class: 'word' }, value),
      count,
    );
    input.addEventListener('change', this.#onChange);
    const box = { node, input, count: new ShownText(count) };
    const after = [...this.#boxes].filter(([other]) => other < value).at(-1)?.[1].node;
    if (this.#least > 1 && after) after.after(node);
    else this.#node.append(node);
    this.#boxes.set(value, box);
    return box;
  }
}
