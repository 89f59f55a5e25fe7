import type { AuditRecord, Vault } from '../../vault.ts';
import type { Command, OptionTable } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import { timeText } from '../time.ts';
import { withVault } from './open.ts';
import type { VaultCall } from './options.ts';

const LINES = 20;
const PAGE = 10_000;

const options = {
  lines: {
    ...{ type: 'integer', value: 'N', short: 'n', min: 1, max: PAGE },
    help: 'How many of the last events; 20 by default',
  },
  after: {
    type: 'integer',
    value: 'SEQUENCE',
    help: 'All that came after this event, in place of the last',
    conflicts: ['lines'],
  },
  follow: { type: 'flag', short: 'f', help: 'Go on as events come, until interrupted' },
} as const satisfies OptionTable;

type TailCall = VaultCall<typeof options>;

export const auditTail: Command = {
  options,
  details: 'Each event is held against the one before it. --follow with --json prints a line each.',
  async run(call: TailCall) {
    const { follow, json } = call.options;
    await withVault(call, async (vault) => {
      const records = await startOf(call, vault);
      if (json && !follow) call.out(jsonText(records.map(eventRowOf)));
      else for (const record of records) call.out(lineOf(call, record));
      const last = records.at(-1)?.sequence ?? call.options.after ?? 0;
      if (follow) await followFrom(call, vault, last);
    });
    return 0;
  },
};

async function startOf(
  { options: { lines = LINES, after } }: TailCall,
  vault: Vault,
): Promise<readonly AuditRecord[]> {
  if (after === undefined) return await vault.audit.read({ last: lines });
  const records: AuditRecord[] = [];
  for (;;) {
    const page = await vault.audit.read({ after: records.at(-1)?.sequence ?? after, limit: PAGE });
    for (const record of page) records.push(record);
    if (page.length < PAGE) return records;
  }
}

/** Until nobody reads it any more. */
async function followFrom(call: TailCall, vault: Vault, sequence: number): Promise<void> {
  if (!(await call.flush())) return;
  for await (const record of vault.audit.watch({ after: sequence, signal: call.signal })) {
    call.out(lineOf(call, record));
    if (!(await call.flush())) return;
  }
  call.signal.throwIfAborted();
}

export const auditVerify: Command = {
  options: {},
  details: 'Exit status: 1 when the log was changed or cut.',
  async run(call: VaultCall) {
    const events = await withVault(call, (vault) => vault.audit.verify(call.signal));
    const text = `${events} events, each chained to the one before\n`;
    call.out(call.options.json ? jsonText({ valid: true, events }) : text);
    return 0;
  },
};

function lineOf(call: TailCall, record: AuditRecord): string {
  if (call.options.json) return `${JSON.stringify(eventRowOf(record))}\n`;
  const { sequence, at, event } = eventRowOf(record);
  const { kind, ...fields } = event;
  const words = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return `${[sequence, at, ...[kind, ...words].map((word) => plainText(String(word)))].join('  ')}\n`;
}

/** An event as every output names its fields. */
function eventRowOf({ sequence, at, event }: AuditRecord): {
  readonly sequence: number;
  readonly at: string;
  readonly event: Readonly<Record<string, unknown>>;
} {
  const fields = Object.entries(event).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    name === 'at' ? timeText(Number(value)) : value,
  ]);
  return { sequence, at: timeText(at), event: Object.fromEntries(fields) };
}
