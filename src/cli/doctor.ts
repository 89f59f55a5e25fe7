import { resolve } from 'node:path';
import type { DirectoryReport, StoreReport } from '../doctor.ts';
import type { VaultFinding, VaultInspection } from '../vault.ts';
import type { Call, Command, OptionTable } from './command.ts';
import { packageVersion } from './version.ts';

const options = {
  dir: {
    type: 'text',
    value: 'PATH',
    help: 'Data directory; the one of `holdfast ports` by default',
  },
  json: { type: 'flag', help: 'Print the report as JSON' },
} as const satisfies OptionTable;

export const doctor: Command = {
  options,
  details: 'Changes nothing and waits for no lock. Exit status: 1 when there is a problem.',
  async run(call: Call<typeof options>) {
    const { inspectDirectory } = await import('../doctor.ts');
    const report = inspectDirectory(await directoryOf(call));
    const vault = await vaultOf(report);
    const version = packageVersion();
    if (call.options.json) {
      call.out(`${JSON.stringify({ holdfast: version, ...report, vault }, null, 2)}\n`);
    } else call.out(reportText(version, report, vault?.findings ?? []));
    return hasProblem(report, vault) ? 1 : 0;
  },
};

type VaultReport = Pick<VaultInspection, 'slots' | 'findings'>;

/** What can be said of a vault by who does not open it, beside what is said of any store. */
async function vaultOf({ directory, stores }: DirectoryReport): Promise<VaultReport | undefined> {
  if (!stores.some(({ store }) => store === VAULT)) return undefined;
  const { inspectVault } = await import('../vault.ts');
  const { slots, findings } = inspectVault({ dir: directory });
  return { slots, findings: findings.filter(({ code }) => code !== 'store') };
}

const VAULT = 'vault';

async function directoryOf({ options: { dir }, cwd, env }: Call<typeof options>): Promise<string> {
  if (dir !== undefined) return resolve(cwd, dir);
  const { resolveDataDir } = await import('../ports-config.ts');
  return resolveDataDir(undefined, env);
}

function hasProblem({ problems, stores }: DirectoryReport, vault?: VaultReport): boolean {
  const isBad = vault?.findings.some(({ severity }) => severity === 'problem');
  return isBad || problems.length > 0 || stores.some((store) => store.problems.length > 0);
}

function reportText(
  version: string,
  report: DirectoryReport,
  findings: readonly VaultFinding[],
): string {
  const { directory, mode, node, platform, problems, sqlite, stores } = report;
  const what = mode === undefined ? 'does not exist' : `mode ${mode}`;
  const parts = [
    `holdfast ${version}, Node ${node}, SQLite ${sqlite}, ${platform}\n${directory} (${what})\n`,
    ...problems.map((problem) => `problem: ${problem}\n`),
    ...(stores.length === 0 ? ['no stores\n'] : []),
    ...stores.map((store) => storeText(store, store.store === VAULT ? findings : [])),
  ];
  return parts.join('\n');
}

function storeText(store: StoreReport, findings: readonly VaultFinding[]): string {
  const { epoch, files, integrity, problems, schemaVersion, walBytes, writer } = store;
  const rows: (readonly [name: string, text: string])[] = [
    ['schema', schemaVersion ?? 'unknown'],
    ['integrity', integrity],
    ['writer', writer ? writerText(writer) : 'nobody holds the lock'],
    ['epoch', epoch.value === undefined ? epoch.state : `${epoch.value}, ${epoch.state}`],
    ['WAL', `${walBytes} bytes`],
    ...files.map(
      ({ mode, name, sizeBytes }) => ['file', `${mode} ${name}, ${sizeBytes} bytes`] as const,
    ),
    ...problems.map((problem) => ['problem', problem] as const),
    ...findings.map(({ severity, text, remedy }) => [severity, `${text}: ${remedy}`] as const),
  ];
  const lines = rows.map(([name, text]) => `  ${name.padEnd(9)}  ${text}\n`);
  return `${store.store}\n${lines.join('')}`;
}

function writerText({ command, heldMs, pid, since }: NonNullable<StoreReport['writer']>): string {
  const start = new Date(since).toISOString();
  return `pid ${pid} for ${heldMs} ms, since ${start}${command ? `: ${command}` : ''}`;
}
