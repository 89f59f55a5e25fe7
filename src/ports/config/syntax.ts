import type { Document } from 'yaml';
import { ParseFault } from './fields.ts';

/** The `yaml` library, loaded only where there is content to read or to edit. */
export type Yaml = typeof import('yaml');

export type Syntax = 'yaml' | 'toml' | 'json';

/** Which syntax a file is in, by the end of its name. */
export function syntaxOf(file: string): Syntax {
  if (/\.toml$/i.test(file)) return 'toml';
  return /\.json$/i.test(file) ? 'json' : 'yaml';
}

/** Whether nothing but blank lines and comments is there, so that no parser need be loaded. */
export function isBlank(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(?:#|$)/.test(line));
}

/**
 * The plain value of a document.
 * @throws ParseFault, which repeats nothing of the text
 */
export async function parseText(syntax: Syntax, text: string): Promise<unknown> {
  if (isBlank(text)) return undefined;
  if (syntax === 'toml') return parseToml(await import('smol-toml'), text);
  if (syntax === 'json') return parseJson(text);
  const yaml = await import('yaml');
  return yamlValue(parseYaml(yaml, text));
}

/**
 * The document of a YAML text, with comments and order, for reading and for editing.
 * @throws ParseFault
 */
export function parseYaml(yaml: Yaml, text: string): Document {
  const document = orFault('not valid YAML', () =>
    yaml.parseDocument(text, {
      schema: 'core',
      strict: true,
      stringKeys: true,
      merge: false,
      resolveKnownTags: false,
      prettyErrors: false,
      // The library compares each key with each other one, which takes minutes for a large mapping.
      uniqueKeys: false,
    }),
  );
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) {
    const what = problem.code.toLowerCase().replaceAll('_', ' ');
    throw new ParseFault(`not valid YAML: ${what} ${position(text, problem.pos[0])}`);
  }
  refuseTwinKeys(yaml, document, text);
  return document;
}

/** @throws ParseFault for aliases to nothing or too many of them */
export function yamlValue(document: Document): unknown {
  return orFault('not valid YAML: aliases that lead nowhere, or too many of them', () =>
    document.toJS({ maxAliasCount: ALIASES_MAX }),
  );
}

/** More nodes than that by way of aliases and a document is refused: it may be a bomb. */
const ALIASES_MAX = 100;

function refuseTwinKeys(yaml: Yaml, document: Document, text: string): void {
  yaml.visit(document, {
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        const name = yaml.isScalar(key) ? key.value : key;
        if (seen.has(name)) {
          const at = yaml.isNode(key) ? (key.range?.[0] ?? 0) : 0;
          throw new ParseFault(`not valid YAML: duplicate key ${position(text, at)}`);
        }
        seen.add(name);
      }
    },
  });
}

function parseToml(toml: typeof import('smol-toml'), text: string): unknown {
  try {
    return withPorts(toml.parse(text));
  } catch (error) {
    if (!(error instanceof toml.TomlError)) throw asFault('not valid TOML', error);
    const reason = error.message
      .split('\n', 1)[0]
      ?.replace('Invalid TOML document', 'not valid TOML');
    throw new ParseFault(`${reason} at line ${error.line}, column ${error.column}`);
  }
}

/** The file format of trop before its first release: `port_range = [first, last]`, in TOML only. */
function withPorts(table: Record<string, unknown>): unknown {
  const { port_range: range, ...rest } = table;
  if (range === undefined) return table;
  if (rest.ports !== undefined) throw new ParseFault('port_range: cannot be given beside ports');
  if (!Array.isArray(range) || range.length !== 2) {
    throw new ParseFault('port_range: expected [FIRST, LAST]');
  }
  return { ...rest, ports: { min: range[0], max: range[1] } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw asFault('not valid JSON', error);
    const at = / at position (\d+)/.exec(error.message)?.[1];
    throw new ParseFault(at ? `not valid JSON ${position(text, Number(at))}` : 'not valid JSON');
  }
}

/** Whatever a parser throws on hostile text, a stack that ran over included, is a fault of the text. */
function orFault<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw asFault(what, error);
  }
}

function asFault(what: string, error: unknown): unknown {
  if (error instanceof ParseFault || !(error instanceof Error)) return error;
  return new ParseFault(error instanceof RangeError ? `${what}: nested too deeply` : what);
}

function position(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `at line ${line}, column ${offset - before.lastIndexOf('\n')}`;
}
