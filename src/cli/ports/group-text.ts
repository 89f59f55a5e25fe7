import type { ReservedGroup } from '../../ports.ts';
import { Failure } from '../failure.ts';

export type GroupForm = 'export' | 'json' | 'dotenv' | 'human';
export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell';

const SHELLS: Readonly<Record<string, Shell>> = {
  bash: 'bash',
  sh: 'bash',
  zsh: 'zsh',
  fish: 'fish',
  powershell: 'powershell',
  pwsh: 'powershell',
  ps: 'powershell',
};

/** The shell that was named, else the one that the environment speaks of. */
export function shellOf(name: string | undefined, env: NodeJS.ProcessEnv): Shell {
  if (name === undefined) return detectedShell(env);
  const key = name.toLowerCase();
  const shell = Object.hasOwn(SHELLS, key) ? SHELLS[key] : undefined;
  if (!shell) {
    throw new Failure(
      6,
      `validation error for 'shell': unknown shell ${JSON.stringify(name)}; bash, zsh, fish and powershell are known`,
    );
  }
  return shell;
}

function detectedShell(env: NodeJS.ProcessEnv): Shell {
  if (env.ZSH_VERSION !== undefined) return 'zsh';
  if (env.FISH_VERSION !== undefined) return 'fish';
  if (env.PSModulePath !== undefined) return 'powershell';
  const login = env.SHELL ?? '';
  if (login.includes('zsh')) return 'zsh';
  if (login.includes('fish')) return 'fish';
  return /pwsh|powershell/.test(login) ? 'powershell' : 'bash';
}

/** The ports of a group, by tag, in the form asked for. */
export function groupText(
  { ports, env }: Pick<ReservedGroup, 'ports' | 'env'>,
  form: GroupForm,
  shell: Shell = 'bash',
): string {
  const entries = Object.entries(ports).sort(([a], [b]) => (a < b ? -1 : 1));
  if (form === 'json') {
    // By hand, because an object would put a tag that is a number before all others.
    const lines = entries.map(([tag, port]) => `  ${JSON.stringify(tag)}: ${port}`);
    return `{\n${lines.join(',\n')}\n}\n`;
  }
  if (form === 'human') {
    return `Reserved ports:\n${entries.map(([tag, port]) => `  ${tag}: ${port}\n`).join('')}`;
  }
  const assign = form === 'dotenv' ? dotenvLine : exportLines[shell];
  return entries.map(([tag, port]) => `${assign(env[tag] ?? tag, port)}\n`).join('');
}

function dotenvLine(name: string, port: number): string {
  return `${name}=${port}`;
}

const exportLines: Readonly<Record<Shell, (name: string, port: number) => string>> = {
  bash: (name, port) => `export ${name}=${port}`,
  zsh: (name, port) => `export ${name}=${port}`,
  fish: (name, port) => `set -x ${name} ${port}`,
  powershell: (name, port) => `$env:${name}="${port}"`,
};
