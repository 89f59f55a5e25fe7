import type { ArgumentSpec, Command, OptionTable, Program } from './command.ts';
import { shown } from './parse.ts';

/** `Usage: …` of a command. */
export function commandUsage(name: string, command: Command): string {
  const words = (command.args ?? []).map(argumentWord);
  return ['Usage:', name, '[OPTIONS]', ...words].join(' ');
}

/** `Usage: …` of a program. */
export function programUsage(program: Program): string {
  return `Usage: ${program.name} [OPTIONS] <COMMAND>`;
}

function argumentWord({ name, required, count }: ArgumentSpec): string {
  const word = required ? `<${name}>` : `[${name}]`;
  if (count === 'rest') return `-- ${word}...`;
  return count === 'many' ? `${word}...` : word;
}

/** The whole `--help` of a program. */
export function programHelp(program: Program): string {
  return sections([
    program.about,
    programUsage(program),
    list('Commands:', commandRows(program)),
    list('Options:', optionRows(program.globals)),
    program.details,
  ]);
}

function commandRows(program: Program): Row[] {
  return Object.entries(program.commands)
    .filter(([, { hidden }]) => !hidden)
    .map(([name, { summary }]): Row => [name, summary]);
}

/**
 * The whole `--help` of one command; `globals` are those of the program around it. `program` is one
 * that has other commands beside this, which is run where none is named.
 */
export function commandHelp(
  name: string,
  summary: string,
  command: Command,
  globals: OptionTable,
  program?: Program,
): string {
  return sections([
    summary,
    [commandUsage(name, command), ...(program ? [`       ${name} <COMMAND>`] : [])].join('\n'),
    program && list('Commands:', commandRows(program)),
    list(
      'Arguments:',
      (command.args ?? []).map((spec): Row => [argumentWord(spec), described(spec)]),
    ),
    list('Options:', optionRows(command.options)),
    list('Options of every command:', optionRows(globals)),
    command.details,
  ]);
}

type Row = readonly [left: string, right: string];

function described({ help, choices }: { help: string; choices?: readonly string[] }): string {
  return choices ? `${help} [${choices.join(', ')}]` : help;
}

function optionRows(options: OptionTable): Row[] {
  return Object.entries(options)
    .filter(([, { hidden }]) => !hidden)
    .map(([name, spec]): Row => {
      const short = spec.short ? `-${spec.short}, ` : '    ';
      return [`${short}${shown(name, spec)}`, described(spec)];
    });
}

function list(title: string, rows: readonly Row[]): string | undefined {
  if (rows.length === 0) return undefined;
  const width = Math.max(...rows.map(([left]) => left.length));
  return [title, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)].join('\n');
}

function sections(parts: readonly (string | undefined)[]): string {
  return `${parts.filter((part) => part !== undefined).join('\n\n')}\n`;
}
