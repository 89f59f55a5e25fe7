import { resolve } from 'node:path';
import type { DirectoryReport, StoreReport } from '../doctor.ts';
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
    const version = packageVersion();
    if (call.options.json) {
      call.out(`${JSON.stringify({ holdfast: version, ...report }, null, 2)}\n`);
    } else call.out(reportText(version, report));
    return hasProblem(report) ? 1 : 0;
  },
};

async function directoryOf({ options: { dir }, cwd, env }: Call<typeof options>): Promise<string> {
  if (dir !== undefined) return resolve(cwd, dir);
  const { resolveDataDir } = await import('../ports-config.ts');
  return resolveDataDir(undefined, env);
}

function hasProblem({ problems, stores }: DirectoryReport): boolean {
  return problems.length > 0 || stores.some((store) => store.problems.length > 0);
}

function reportText(version: string, report: DirectoryReport): string {
  const { directory, mode, node, platform, problems, sqlite, stores } = report;
  const what = mode === undefined ? 'does not exist' : `mode ${mode}`;
  const parts = [
    `holdfast ${version}, Node ${node}, SQLite ${sqlite}, ${platform}\n${directory} (${what})\n`,
    ...problems.map((problem) => `problem: ${problem}\n`),
    ...(stores.length === 0 ? ['no stores\n'] : stores.map(storeText)),
  ];
  return parts.join('\n');
}

function storeText(store: StoreReport): string {
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
  ];
  const lines = rows.map(([name, text]) => `  ${name.padEnd(9)}  ${text}\n`);
  return `${store.store}\n${lines.join('')}`;
}

function writerText({ command, heldMs, pid, since }: NonNullable<StoreReport['writer']>): string {
  const start = new Date(since).toISOString();
  return `pid ${pid} for ${heldMs} ms, since ${start}${command ? `: ${command}` : ''}`;
}
