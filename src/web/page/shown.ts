/** Text of a node, which is touched only when it changes. */
export class ShownText {
  readonly #node: Node;
  #text = '';

  constructor(node: Node) {
    this.#node = node;
  }

  set(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#node.textContent = text;
  }
}

/** An attribute of an element, which is touched only when it changes; undefined takes it away. */
export class ShownAttribute {
  readonly #node: Element;
  readonly #name: string;
  #value: string | undefined;

  constructor(node: Element, name: string) {
    this.#node = node;
    this.#name = name;
  }

  set(value: string | undefined): void {
    if (value === this.#value) return;
    this.#value = value;
    if (value === undefined) this.#node.removeAttribute(this.#name);
    else this.#node.setAttribute(this.#name, value);
  }
}
