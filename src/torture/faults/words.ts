import { constants } from 'node:os';
import { wrongArgument } from '../../errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };
const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
};

/** The options of a fault as text, `a=1,b=x+y,c`, and what they mean. */
export class Words {
  readonly #kind: string;
  readonly #options = new Map<string, string>();

  /**
   * `text` is undefined where there is no colon either.
   * @throws RangeError when an option is unknown, there twice, or not an option at all
   */
  constructor(kind: string, text: string | undefined, known: readonly string[]) {
    this.#kind = kind;
    for (const option of text?.split(',') ?? []) {
      const equals = option.indexOf('=');
      const name = equals < 0 ? option : option.slice(0, equals);
      if (!known.includes(name)) {
        throw this.wrong(`there is no option '${name}'; it takes ${known.join(', ')}`);
      }
      if (this.#options.has(name)) throw this.wrong(`${name} is there twice`);
      // A word without a value is a flag, which has no other.
      this.#options.set(name, equals < 0 ? FLAG : option.slice(equals + 1));
    }
  }

  text(name: string): string | undefined {
    const value = this.#options.get(name);
    if (value === '' || value === FLAG) throw this.wrong(`${name} needs a value`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#options.get(name);
    if (value !== undefined && value !== FLAG) throw this.wrong(`${name} takes no value`);
    return value === FLAG;
  }

  durationMs(name: string): number | undefined {
    return this.parsed(name, (text) => quantity(text, UNIT_MS), 'a duration such as 200ms or 1s');
  }

  sizeBytes(name: string): number | undefined {
    return this.parsed(name, (text) => quantity(text, UNIT_BYTES), 'a size such as 64kb or 1mb');
  }

  count(name: string): number | undefined {
    return this.parsed(name, (text) => (/^\d+$/.test(text) ? Number(text) : undefined), 'a number');
  }

  signal(name: string): NodeJS.Signals | undefined {
    return this.parsed(
      name,
      (text) => (isSignal(text) ? text : undefined),
      'a signal such as SIGKILL',
    );
  }

  /** Of `listText`. */
  list(name: string): string[] | undefined {
    return this.text(name)?.split('+').map(unescaped);
  }

  static listText(items: readonly string[]): string {
    return items.map(escaped).join('+');
  }

  chosen<T extends string>(name: string, known: readonly T[]): T[] | undefined {
    return this.list(name)?.map((item) => {
      const match = known.find((one) => one === item);
      if (match === undefined) {
        throw this.wrong(`${name}: there is no '${item}'; known are ${known.join(', ')}`);
      }
      return match;
    });
  }

  /** `what` says what is expected where `parse` answers undefined. */
  parsed<T>(name: string, parse: (text: string) => T | undefined, what: string): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) throw this.wrong(`${name} must be ${what}, not '${text}'`);
    return value;
  }

  needed<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw this.wrong(`needs ${name}`);
    return value;
  }

  wrong(reason: string): Error {
    return wrongArgument('range', `fault ${this.#kind}: ${reason}`);
  }
}

/** A value that no text can be. */
const FLAG = ',';

/** Whole units of the smallest kind, or nothing. */
function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, number, unit = ''] = /^(\d{1,16}(?:\.\d{1,6})?)([a-z]*)$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  const value = Number(number) * (factor ?? Number.NaN);
  // 0.1 s is 100 ms, although 0.1 is not a tenth.
  const whole = Math.round(value);
  return Math.abs(whole - value) < 1e-6 ? whole : undefined;
}

function isSignal(text: string): text is NodeJS.Signals {
  return Object.hasOwn(constants.signals, text);
}

/** Only what has a meaning of its own here: a path may be any text. */
function escaped(item: string): string {
  return item.replace(/[%+,]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function unescaped(item: string): string {
  return item.replace(/%(25|2B|2C)/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
