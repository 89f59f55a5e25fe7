import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Call, Command, OptionTable } from '../command.ts';
import { UsageError } from '../parse.ts';

/** Longer texts than this Node cannot hold. */
const FILE_BYTES_MAX = 500 * 1024 * 1024;

const options = {
  model: {
    type: 'text',
    value: 'MODEL',
    required: true,
    choices: [
      'register',
      'cas-register',
      'kv',
      'counter',
      'set',
      'queue',
      'lock',
      'alloc',
      'list-append',
    ],
    help: 'What the calls were made on',
  },
  'time-limit': {
    type: 'integer',
    value: 'SECONDS',
    min: 1,
    max: 86_400,
    help: 'After this the answer is unknown; 60 by default',
  },
  serializable: {
    type: 'flag',
    help: 'For list-append: without regard to real time',
  },
  json: { type: 'flag', help: 'Print the verdict as JSON' },
} as const satisfies OptionTable;

export const check: Command = {
  options,
  args: [{ name: 'FILE', help: 'History, one JSON object a line; - reads stdin', required: true }],
  details: `Each line is an event, in real-time order:
  { "process": 0, "type": "invoke" | "ok" | "fail" | "info", "f": "read", "key": ..., "value": ... }

Exit status: 0 when some order explains the history, 1 when none does, 3 when nobody knows,
2 for a line that cannot be read.`,
  async run(call: Call<typeof options>) {
    const { checkHistory, HistoryError, historyVerdictText, parseHistory } = await import(
      '../../torture.ts'
    );
    const [file = ''] = call.args;
    const { json, model = '', serializable } = call.options;
    const startedAt = performance.now();
    try {
      const calls = parseHistory(textOf(call, file));
      const seconds = call.options['time-limit'];
      const timeLimitMs = seconds === undefined ? undefined : seconds * 1000;
      const withRealTime = !serializable;
      const result = checkHistory(model, calls, { timeLimitMs, withRealTime });
      const durationMs = performance.now() - startedAt;
      if (json) call.out(`${JSON.stringify({ model, file, durationMs, ...result }, null, 2)}\n`);
      else call.out(historyVerdictText(model, result, durationMs));
      return { ok: 0, violation: 1, unknown: 3 }[result.verdict];
    } catch (error) {
      if (error instanceof HistoryError) throw new UsageError(`${file}: ${error.message}`);
      throw error;
    }
  },
};

function textOf(call: Call, file: string): string {
  if (file === '-') return readFileSync(0, 'utf8');
  const path = resolve(call.cwd, file);
  const { size } = statSync(path);
  if (size > FILE_BYTES_MAX) {
    throw new UsageError(
      `${file}: ${size} bytes are more than the ${FILE_BYTES_MAX} that can be read`,
    );
  }
  return readFileSync(path, 'utf8');
}
