import type { Call, Command, Entry, OptionTable, Program } from './command.ts';
import { writeAll } from './output.ts';
import { parseHead, parseLine, UsageError } from './parse.ts';

/** What a run leaves behind: it is written at the end, in one piece a stream. */
interface Answer {
  status: number;
  out: string;
  err: string;
}

const answer: Answer = { status: 0, out: '', err: '' };

/** Ctrl-C ends waits; a second one ends the process, whatever it does. */
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort(new DOMException('interrupted', 'AbortError')));
const END_AFTER_MS = 500;

// Not awaited at the top level: the published bundle is a script, which cannot.
void main();

async function main(): Promise<void> {
  try {
    const { root } = await import('./root.ts');
    await runProgram(root, process.argv.slice(2));
  } catch (error) {
    answer.out = '';
    if (interruption.signal.aborted) answer.status = 130;
    else await report(error);
  }
  process.exitCode = answer.status;
  try {
    await flush();
  } catch (error) {
    await report(error);
    process.exitCode = answer.status;
    await writeAll(2, answer.err);
  }
  if (interruption.signal.aborted) endSoon();
}

/** A read of a pipe that nobody writes to cannot be taken back, and would keep this process. */
function endSoon(): void {
  setTimeout(() => process.kill(process.pid, 'SIGINT'), END_AFTER_MS).unref();
}

async function report(error: unknown): Promise<void> {
  const { failureOf } = await import('./failure.ts');
  const failure = failureOf(error);
  answer.status = failure.status;
  answer.err += `Error: ${failure.message}\n`;
}

async function flush(): Promise<boolean> {
  const { out, err } = answer;
  answer.out = '';
  answer.err = '';
  if (err !== '') await writeAll(2, err);
  return out === '' || (await writeAll(1, out));
}

/** `outer` are the options of the programs around this one. */
async function runProgram(
  program: Program,
  line: readonly string[],
  outer: Call['options'] = {},
): Promise<void> {
  const [first = ''] = line;
  if (program.otherwise && first !== 'help' && !Object.hasOwn(program.commands, first)) {
    return runEntry(program, program.name, program.otherwise, outer, line);
  }
  try {
    const head = parseHead(line, program.globals);
    if (head.asks === 'version') answer.out += `${await program.version()}\n`;
    else if (head.asks === 'help') answer.out += (await import('./usage.ts')).programHelp(program);
    else if (head.index === line.length) await explain(program);
    else await runWord(program, { ...outer, ...head.options }, line.slice(head.index));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { programUsage } = await import('./usage.ts');
    complain(error, programUsage(program));
  }
}

/** Nothing was asked for. */
async function explain(program: Program): Promise<void> {
  answer.err += (await import('./usage.ts')).programHelp(program);
  answer.status = 2;
}

async function runWord(
  program: Program,
  before: Call['options'],
  [word = '', ...line]: readonly string[],
): Promise<void> {
  if (word === 'help') return runProgram(program, [...line, '--help'], before);
  const entry = Object.hasOwn(program.commands, word) ? program.commands[word] : undefined;
  if (!entry) throw new UsageError(`unrecognized subcommand '${word}'`);
  return runEntry(program, `${program.name} ${word}`, entry, before, line);
}

async function runEntry(
  program: Program,
  name: string,
  entry: Entry,
  before: Call['options'],
  line: readonly string[],
): Promise<void> {
  const found = await entry.load();
  if ('commands' in found) return runProgram(found, line, before);
  const globals = program.globals;
  try {
    const parsed = parseLine(line, { ...globals, ...found.options }, found.args ?? []);
    if (parsed.asks === 'version') answer.out += `${await program.version()}\n`;
    else if (parsed.asks === 'help') {
      const { commandHelp } = await import('./usage.ts');
      const isProgram = entry === program.otherwise;
      const summary = isProgram ? program.about : entry.summary;
      answer.out += commandHelp(name, summary, found, globals, isProgram ? program : undefined);
    } else await runCommand(found, { ...before, ...parsed.options }, parsed.args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { commandUsage } = await import('./usage.ts');
    complain(error, commandUsage(name, found));
  }
}

async function runCommand(
  command: Command,
  options: Call<OptionTable>['options'],
  args: readonly string[],
): Promise<void> {
  const status = await command.run({
    options,
    args,
    cwd: process.cwd(),
    env: process.env,
    signal: interruption.signal,
    out: (text) => {
      answer.out += text;
    },
    note: (line) => {
      answer.err += `${line}\n`;
    },
    flush,
  });
  answer.status = status ?? 0;
}

function complain(error: UsageError, usage: string): void {
  answer.err += `error: ${error.message}\n\n${usage}\n\nFor more information, try '--help'.\n`;
  answer.status = 2;
}
