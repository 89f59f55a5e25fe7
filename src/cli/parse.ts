import type { ArgumentSpec, OptionSpec, OptionTable } from './command.ts';

/** The line cannot be read: exit 2, with the usage line of the command that it reached. */
export class UsageError extends Error {}

type OptionToken = { readonly name: string; readonly rawName: string; readonly index: number } & {
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
};

type Given = string | number | boolean | readonly string[];

export interface Parsed {
  readonly options: Readonly<Record<string, Given>>;
  readonly args: readonly string[];
  /** `help` or `version` was asked for; what stands after it was not looked at. */
  readonly asks: 'help' | 'version' | undefined;
}

interface Syntax {
  readonly options: OptionTable;
  readonly args: readonly ArgumentSpec[];
  /** Stop at the first word that is not an option: it is the name of a command. */
  readonly stopAtWord?: boolean;
}

/** Where the words of the command begin: its options end before `index`. */
export interface Head extends Parsed {
  readonly index: number;
}

/** Reads `line` up to the first word and answers what stood before it. */
export function parseHead(line: readonly string[], options: OptionTable): Head {
  return read(line, { options, args: [], stopAtWord: true });
}

/** Reads all of `line` by the table of one command. */
export function parseLine(
  line: readonly string[],
  options: OptionTable,
  args: readonly ArgumentSpec[],
): Parsed {
  const parsed = read(line, { options, args });
  if (!parsed.asks) {
    checkArguments(parsed.args, args);
    checkTogether(parsed.options, options);
  }
  return parsed;
}

function read(line: readonly string[], syntax: Syntax): Head {
  const { options } = syntax;
  const given: Record<string, Given> = {};
  const args: string[] = [];
  const takesRest = syntax.args.at(-1)?.count === 'rest';
  for (const token of tokensOf(line, options)) {
    if (token.kind === 'option') {
      // Nobody named an option `constructor`.
      const spec = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
      if (!spec) throw new UsageError(`unexpected argument '${token.rawName}' found`);
      if (spec.refused !== undefined) throw new UsageError(spec.refused);
      if (token.name === 'help' || token.name === 'version') {
        return { options: given, args, asks: token.name, index: token.index };
      }
      const before = given[token.name];
      if (before !== undefined && spec.type !== 'texts') {
        throw new UsageError(`the argument '${shown(token.name, spec)}' is given more than once`);
      }
      const value = parsedValue(token, spec);
      given[token.name] = spec.type === 'texts' ? [before ?? [], value].flat().map(String) : value;
      continue;
    }
    const index = token.kind === 'positional' ? token.index : token.index + 1;
    if (syntax.stopAtWord && token.kind === 'positional') {
      return { options: given, args, asks: undefined, index };
    }
    if (takesRest) {
      return { options: given, args: line.slice(index), asks: undefined, index: line.length };
    }
    if (token.kind === 'positional') args.push(token.value);
  }
  return { options: given, args, asks: undefined, index: line.length };
}

function tokensOf(line: readonly string[], table: OptionTable) {
  const options: Record<string, { type: 'boolean' | 'string'; short?: string }> = {};
  for (const [name, { type, short }] of Object.entries(table)) {
    options[name] = { type: type === 'flag' ? 'boolean' : 'string', ...(short && { short }) };
  }
  // Not imported: the module namespace of node:util costs 8 ms, its object nothing.
  const { parseArgs } = process.getBuiltinModule('node:util');
  // Not strict, because its own messages name neither the usage nor what is allowed.
  return parseArgs({ args: [...line], options, strict: false, tokens: true }).tokens;
}

function parsedValue(token: OptionToken, spec: OptionSpec): string | number | boolean {
  const where = shown(token.name, spec);
  if (spec.type === 'flag') {
    if (token.value !== undefined) {
      throw new UsageError(`unexpected value '${token.value}' for '--${token.name}' found`);
    }
    return true;
  }
  const { value } = token;
  // The word behind it is taken as its value even when that word is an option.
  if (value === undefined || (!token.inlineValue && /^-[^\d]/.test(value))) {
    throw new UsageError(`a value is required for '${where}' but none was supplied`);
  }
  if (spec.choices) return choiceOf(value, spec.choices, where);
  return spec.type === 'integer' ? integerOf(value, spec, where) : value;
}

function integerOf(value: string, { min = 0, max = 4_294_967_295 }: OptionSpec, where: string) {
  const number = Number(value);
  if (!/^-?\d+$/.test(value)) {
    throw new UsageError(`invalid value '${value}' for '${where}': not a whole number`);
  }
  if (number < min || number > max) {
    throw new UsageError(`invalid value '${value}' for '${where}': ${min} to ${max} is allowed`);
  }
  return number;
}

function choiceOf(value: string, choices: readonly string[], where: string): string {
  const found = choices.find((choice) => choice.toLowerCase() === value.toLowerCase());
  if (found !== undefined) return found;
  throw new UsageError(
    `invalid value '${value}' for '${where}'\n  [possible values: ${choices.join(', ')}]`,
  );
}

function checkArguments(given: readonly string[], specs: readonly ArgumentSpec[]): void {
  const missing = specs.filter((spec, index) => spec.required && given[index] === undefined);
  if (missing.length > 0) throw missingError(missing.map(({ name }) => `<${name}>`));
  const isOpen = specs.at(-1)?.count !== undefined;
  const extra = given[specs.length];
  if (extra !== undefined && !isOpen) throw new UsageError(`unexpected argument '${extra}' found`);
  specs.forEach((spec, index) => {
    const value = given[index];
    if (spec.choices && value !== undefined) choiceOf(value, spec.choices, `<${spec.name}>`);
  });
}

/** What must be there, what may not stand together, and what may not stand alone. */
function checkTogether(given: Parsed['options'], options: OptionTable): void {
  const missing = Object.entries(options).filter(
    ([name, { required }]) => required && !Object.hasOwn(given, name),
  );
  if (missing.length > 0) throw missingError(missing.map(([name, spec]) => shown(name, spec)));
  for (const name of Object.keys(given)) {
    const spec = options[name];
    if (!spec) continue;
    for (const other of spec.conflicts ?? []) {
      const otherSpec = options[other];
      if (!otherSpec || !Object.hasOwn(given, other)) continue;
      throw new UsageError(
        `the argument '${shown(name, spec)}' cannot be used with '${shown(other, otherSpec)}'`,
      );
    }
    if (spec.requires && !Object.hasOwn(given, spec.requires)) {
      throw missingError([`--${spec.requires}`]);
    }
  }
}

function missingError(names: readonly string[]): UsageError {
  return new UsageError(`required arguments are missing:\n  ${names.join('\n  ')}`);
}

/** An option as usage lines write it: `--path <PATH>`. */
export function shown(name: string, spec: OptionSpec): string {
  return spec.type === 'flag' ? `--${name}` : `--${name} <${spec.value ?? name.toUpperCase()}>`;
}
