import type { ProgressReport } from '../../tasks.ts';

/** Longer lines are none about progress. */
const LINE_MAX = 4096;
const PERCENT_MAX = 100;

type Reading = (line: string) => ProgressReport | undefined;

/**
 * Reads progress from what a program prints: `{"progress":12,"total":40}` as MCP has it, `[12/40]`,
 * `42%`, `12/40`. The first of these forms that a program prints is its own, and the others mean
 * something else from then on.
 */
export class ProgressLines {
  #form: Reading | undefined;

  /** What a line says about progress. */
  read(line: string): ProgressReport | undefined {
    if (line.length > LINE_MAX) return undefined;
    // Not imported: the module namespace of node:util costs 8 ms, its object nothing.
    const { stripVTControlCharacters } = process.getBuiltinModule('node:util');
    const text = stripVTControlCharacters(line).trim();
    if (this.#form) return this.#form(text);
    for (const form of FORMS) {
      const found = form(text);
      if (found === undefined) continue;
      this.#form = form;
      return found;
    }
    return undefined;
  }
}

const FORMS: readonly Reading[] = [jsonReading, bracketReading, percentReading, bareReading];

/** The parameters of `notifications/progress` (Model Context Protocol), or the whole notification. */
function jsonReading(line: string): ProgressReport | undefined {
  if (!line.startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { progress, total, message } = fieldsOf(fieldsOf(value).params ?? value);
  if (!isAmount(progress)) return undefined;
  return {
    progress,
    ...(isAmount(total) && { total }),
    ...(typeof message === 'string' && { message }),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function bracketReading(line: string): ProgressReport | undefined {
  return partReading(/\[ {0,4}(\d{1,15}) {0,4}\/ {0,4}(\d{1,15}) {0,4}\]/.exec(line));
}

/** The last one of a line: what comes before it is of parts. */
function percentReading(line: string): ProgressReport | undefined {
  const [, percent = ''] = /^.*(?<![\d.,])(\d{1,3}(?:\.\d{1,9})?) ?%/.exec(line) ?? [];
  const progress = Number(percent);
  if (percent === '' || progress > PERCENT_MAX) return undefined;
  return { progress, total: PERCENT_MAX };
}

/** Not within paths, dates and versions. */
function bareReading(line: string): ProgressReport | undefined {
  return partReading(/(?<![\w./-])(\d{1,15}) ?\/ ?(\d{1,15})(?![\w./-])/.exec(line));
}

function partReading(found: RegExpExecArray | null): ProgressReport | undefined {
  const [progress, total] = [Number(found?.[1]), Number(found?.[2])];
  if (!isAmount(progress) || !isAmount(total) || total === 0 || progress > total) return undefined;
  return { progress, total };
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
