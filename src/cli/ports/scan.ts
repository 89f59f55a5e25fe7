import type { Occupancy } from '../../ports.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import { warnEphemeral } from './ephemeral-warning.ts';
import { type PortsCall, probeOptions } from './options.ts';
import { listenerFields } from './owner.ts';
import { delimitedLine } from './row.ts';
import { editOptionsOf, occupancyLayer, type Settings, settingsOf, withPorts } from './settings.ts';

const FORMATS = ['table', 'json', 'csv', 'tsv'] as const;

const options = {
  min: { type: 'integer', value: 'PORT', max: 65_535, help: 'First port to look at' },
  max: { type: 'integer', value: 'PORT', max: 65_535, help: 'Last port to look at' },
  autoexclude: { type: 'flag', help: 'Exclude the ports that are in use and not reserved' },
  autocompact: { type: 'flag', help: 'Join the excluded ports into ranges afterwards' },
  format: { type: 'text', value: 'FORMAT', choices: FORMATS, help: 'Form of the output' },
  ...probeOptions,
} as const satisfies OptionTable;

type ScanCall = PortsCall<typeof options>;

type ScanRow = {
  readonly port: number;
  readonly status: string;
  readonly reserved: boolean;
} & ReturnType<typeof listenerFields>;

/** Title and width of each column of the table; its fields in the same order. */
const COLUMNS = [
  ['port', 'Port', 6],
  ['status', 'Status', 20],
  ['reserved', 'Reserved', 9],
  ['protocol', 'Protocol', 9],
  ['address_family', 'Family', 7],
  ['scope', 'Scope', 10],
  ['address', 'Address', 15],
  ['process_id', 'Process ID', 12],
  ['process_name', 'Process Name', 16],
  ['user', 'User', 16],
  ['owner_status', 'Owner Status', 0],
] as const satisfies readonly (readonly [keyof ScanRow, string, number])[];
const RULE_WIDTH = 145;

export const scan: Command = {
  options,
  async run(call: ScanCall) {
    const settings = await settingsOf(call, {
      ...occupancyLayer(call.options),
      min: call.options.min,
      max: call.options.max,
    });
    const { min, max } = settings.policy;
    const found = await withPorts(call, settings, (ports) =>
      Array.fromAsync(ports.scan({ min, max }, { signal: call.signal })),
    );
    const strays = found.filter((port) => port.occupied && !port.reservation);
    if (call.options.autoexclude) await excludeAll(call, settings, strays);
    const rows = found.flatMap(rowsOf);
    call.out(rendered(rows, call.options.json ? 'json' : (call.options.format ?? 'table')));
    if (settings.isQuiet) return 0;
    if (strays.length > 0) call.note(`Found ${strays.length} unreserved occupied port(s)`);
    await warnEphemeral(call, { min, max });
    return 0;
  },
};

async function excludeAll(
  call: ScanCall,
  settings: Settings,
  strays: readonly Occupancy[],
): Promise<void> {
  if (strays.length === 0) return;
  const { addExclusions, exclusionTarget } = await import('../../ports-config.ts');
  const file = exclusionTarget({ cwd: call.cwd, dataDir: settings.dataDir });
  const ranges = strays.map(({ port }) => ({ min: port, max: port }));
  const { added, compacted } = await addExclusions(file, ranges, {
    ...editOptionsOf(call, settings),
    compact: call.options.autocompact,
  });
  if (settings.isQuiet) return;
  call.note(`Added ${added.length} exclusions to ${file}`);
  if (compacted) call.note(`Compacted ${compacted.before} exclusions to ${compacted.after}`);
}

function rowsOf({ listeners, port, reservation }: Occupancy): ScanRow[] {
  const reserved = reservation !== undefined;
  return listeners.map((listener) => ({
    port,
    status: reserved ? 'occupied (reserved)' : 'occupied',
    reserved,
    ...listenerFields(listener),
  }));
}

function rendered(rows: readonly ScanRow[], format: string): string {
  if (format === 'json') return jsonText(rows);
  const cells = rows.map((row) => COLUMNS.map(([name]) => String(row[name] ?? 'unavailable')));
  if (format === 'table') {
    const lines = [COLUMNS.map(([, title]) => title), ...cells].map(tableLine);
    return [lines[0], `${'-'.repeat(RULE_WIDTH)}\n`, ...lines.slice(1)].join('');
  }
  const delimiter = format === 'csv' ? ',' : '\t';
  const lines = [COLUMNS.map(([name]) => name), ...cells];
  return lines.map((line) => delimitedLine(line, delimiter)).join('');
}

function tableLine(cells: readonly string[]): string {
  const padded = cells.map((cell, index) => plainText(cell).padEnd(COLUMNS[index]?.[2] ?? 0));
  return `${padded.join(' ').trimEnd()}\n`;
}
