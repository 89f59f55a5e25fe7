import { wipe, wipeable } from '../hygiene/wipe.ts';

/** What can be written as JSON; bytes become an array of numbers. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Three digits and a comma. */
const BYTE_CHARACTERS = 4;

const FIRST_SIZE_BYTES = 4096;

/**
 * JSON text in UTF-8, to the byte as serde_json writes it: compact, or with an indent of two spaces
 * and one element of an array a line. Fields keep their order. The buffer is the caller's to wipe,
 * and no part of it was anywhere else.
 */
export function jsonText(value: JsonValue, pretty: boolean): Buffer {
  const text = new JsonText(pretty);
  text.value(value, 0);
  return text.finish();
}

class JsonText {
  readonly #pretty: boolean;
  #bytes = wipeable(FIRST_SIZE_BYTES);
  #length = 0;

  constructor(pretty: boolean) {
    this.#pretty = pretty;
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  value(value: JsonValue, depth: number): void {
    if (value instanceof Uint8Array) {
      this.#list('[]', value.length, depth, (index) => this.#byte(value[index] ?? 0));
    } else if (Array.isArray(value)) {
      this.#list('[]', value.length, depth, (index) => this.value(value[index], depth + 1));
    } else if (typeof value === 'object' && value !== null) {
      const fields = Object.entries(value);
      this.#list('{}', fields.length, depth, (index) => {
        const [name, field] = fields[index] ?? ['', null];
        this.#write(`${JSON.stringify(name)}${this.#pretty ? ': ' : ':'}`);
        this.value(field, depth + 1);
      });
    } else {
      // Escapes and integers are the same in serde_json.
      this.#write(JSON.stringify(value));
    }
  }

  #list(brackets: '[]' | '{}', count: number, depth: number, writeItem: (index: number) => void) {
    this.#write(brackets.charAt(0));
    const line = this.#pretty && count > 0 ? `\n${'  '.repeat(depth)}` : '';
    const itemLine = line && `${line}  `;
    for (let index = 0; index < count; index += 1) {
      if (index > 0) this.#write(',');
      this.#write(itemLine);
      writeItem(index);
    }
    this.#write(line);
    this.#write(brackets.charAt(1));
  }

  #write(text: string): void {
    // A unit of UTF-16 has three bytes of UTF-8 at most.
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** Its decimal digits, without a string, as the byte may be of a secret. */
  #byte(byte: number): void {
    this.#reserve(BYTE_CHARACTERS);
    if (byte >= 100) this.#digit(Math.trunc(byte / 100));
    if (byte >= 10) this.#digit(Math.trunc(byte / 10) % 10);
    this.#digit(byte % 10);
  }

  #digit(digit: number): void {
    this.#bytes[this.#length] = 0x30 + digit;
    this.#length += 1;
  }

  #reserve(sizeBytes: number): void {
    if (this.#length + sizeBytes <= this.#bytes.length) return;
    const larger = wipeable(Math.max(this.#bytes.length * 2, this.#length + sizeBytes));
    larger.set(this.finish());
    wipe(this.#bytes);
    this.#bytes = larger;
  }
}
