import { homedir } from 'node:os';
import type { ListOptions, Ports } from '../../ports.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import type { PortsCall } from './options.ts';
import { delimitedLine, type Row, rowOf } from './row.ts';
import { explicitPath, settingsOf, withPorts } from './settings.ts';

const FORMATS = ['table', 'json', 'csv', 'tsv'] as const;
const COLUMNS = ['port', 'path', 'tag', 'project', 'task', 'created_at', 'last_used_at'] as const;

const options = {
  format: { type: 'text', value: 'FORMAT', choices: FORMATS, help: 'Form of the output' },
  'filter-project': { type: 'text', value: 'PROJECT', help: 'Only those of this project' },
  'filter-tag': { type: 'text', value: 'TAG', help: 'Only those with this tag' },
  'filter-path': { type: 'text', value: 'PATH', help: 'Only those of this directory and below' },
  'show-full-paths': { type: 'flag', help: 'Do not shorten the home directory to ~' },
} as const satisfies OptionTable;

type ListCall = PortsCall<typeof options>;

export const list: Command = {
  options,
  async run(call: ListCall) {
    const format = call.options.json ? 'json' : call.options.format;
    const settings = await settingsOf(call, { outputFormat: FORMATS.find((f) => f === format) });
    const path = call.options['filter-path'];
    const filter = {
      project: call.options['filter-project'],
      tag: call.options['filter-tag'],
      path: path === undefined ? undefined : await explicitPath(call, path),
    };
    const rows = await withPorts(call, settings, (ports) => everyRow(ports, filter));
    call.out(rendered(rows, settings.outputFormat, homeOf(call)));
    return 0;
  },
};

/** Page by page rather than row by row: a thousand awaits would show in how long this takes. */
async function everyRow(ports: Ports, filter: ListOptions): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await ports.list({ ...filter, cursor });
    for (const item of page.items) rows.push(rowOf(item));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return rows;
}

function homeOf(call: ListCall): string | undefined {
  return call.options['show-full-paths'] ? undefined : (call.env.HOME ?? homedir());
}

function rendered(
  rows: readonly Row[],
  format: (typeof FORMATS)[number],
  home: string | undefined,
): string {
  if (format === 'json') return jsonText(rows);
  if (format === 'table') return table(rows, home);
  const delimiter = format === 'csv' ? ',' : '\t';
  const lines = rows.map((row) =>
    delimitedLine(
      COLUMNS.map((name) => row[name]),
      delimiter,
    ),
  );
  return delimitedLine(COLUMNS, delimiter) + lines.join('');
}

function table(rows: readonly Row[], home: string | undefined): string {
  let text = `${COLUMNS.join('\t').toUpperCase()}\n`;
  for (const row of rows) {
    const path = home === undefined ? row.path : shortened(row.path, home);
    const names = [path, row.tag ?? '-', row.project ?? '-', row.task ?? '-'];
    text += `${row.port}\t${names.map(plainText).join('\t')}\t${row.created_at}\t${row.last_used_at}\n`;
  }
  return text;
}

function shortened(path: string, home: string): string {
  if (path === home) return '~';
  return home !== '' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
