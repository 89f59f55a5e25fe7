import type { Command, OptionTable, Program } from '../command.ts';
import { type Script, type Syntax, scripts, type Word } from './completion-scripts.ts';
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
      call.out(script.write(NAMES, await syntaxOf(program)));
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
  const entries = Object.entries(commands).filter(([, { hidden }]) => !hidden);
  return {
    globals: wordsOf(globals),
    commands: await Promise.all(
      entries.map(async ([name, { summary, load }]) => {
        const command = await load();
        if ('commands' in command) return { text: name, help: summary, options: [], values: [] };
        const values = command.args?.flatMap(({ choices }) => choices ?? []) ?? [];
        return { text: name, help: summary, options: wordsOf(command.options), values };
      }),
    ),
  };
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
