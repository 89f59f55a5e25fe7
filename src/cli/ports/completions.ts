import type { Command, OptionTable, Program } from '../command.ts';
import {
  type CommandWord,
  type Script,
  type Syntax,
  scripts,
  type Word,
} from './completion-scripts.ts';
import type { PortsCall } from './options.ts';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell', 'elvish'] as const;

/** The names a user may call the program by: `trop` for those who made an alias of it. */
const NAMES = ['holdfast', 'trop'];

/** `completions` for the commands of this very program. */
export function completionsOf(program: Program): Command {
  return {
    options: {},
    args: [{ name: 'SHELL', help: 'Shell to write for', required: true, choices: SHELLS }],
    async run(call: PortsCall) {
      const shell = SHELLS.find((name) => name === call.args[0]?.toLowerCase()) ?? 'bash';
      const script: Script = scripts[shell];
      const { vaultProgram } = await import('../vault/program.ts');
      const { tasksProgram } = await import('../tasks/program.ts');
      const others = { vault: await syntaxOf(vaultProgram), tasks: await syntaxOf(tasksProgram) };
      call.out(script.write(NAMES, await syntaxOf(program), others));
      if (!call.options.quiet) {
        call.note(`# Generating ${shell} completion script. To load it in every session:`);
        for (const line of script.howTo(`${program.name} completions ${shell}`)) {
          call.note(`#   ${line}`);
        }
      }
      return 0;
    },
  };
}

async function syntaxOf({ commands, globals }: Program): Promise<Syntax> {
  return { globals: wordsOf(globals), commands: await commandWords(commands) };
}

/** A command of another one is `secret set`; what stands alone has what comes behind it as values. */
async function commandWords(commands: Program['commands'], before = ''): Promise<CommandWord[]> {
  const entries = Object.entries(commands).filter(([, { hidden }]) => !hidden);
  const words = entries.map(async ([name, { summary, load }]): Promise<CommandWord[]> => {
    const [text, help] = [`${before}${name}`, summary];
    const found = await load();
    if ('commands' in found) {
      const values = Object.keys(found.commands);
      const inner = await commandWords(found.commands, `${text} `);
      return [{ text, help, options: [], values }, ...inner];
    }
    const values = found.args?.flatMap(({ choices }) => choices ?? []) ?? [];
    return [{ text, help, options: wordsOf(found.options), values }];
  });
  return (await Promise.all(words)).flat();
}

function wordsOf(options: OptionTable): Word[] {
  return Object.entries(options)
    .filter(([, { hidden }]) => !hidden)
    .map(([name, { type, help, choices, value }]) => ({
      text: `--${name}`,
      help,
      takes: type === 'flag' ? undefined : value === 'PATH' || value === 'FILE' ? 'file' : 'value',
      values: choices ?? [],
    }));
}
