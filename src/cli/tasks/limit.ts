import type { Reservations } from '../../tasks.ts';
import type { Command } from '../command.ts';
import { jsonText, plainText } from '../text.ts';
import { bytesOf, bytesText } from './bytes.ts';
import { withTasks } from './open.ts';
import type { TasksCall } from './options.ts';

const NONE = 'none';

export const limit: Command = {
  options: {},
  args: [{ name: 'BYTES', help: "New limit, as 4096, 512MiB or 1.5GiB; 'none' takes it away" }],
  details: `Jobs that are registered with an estimate of their memory reserve it until they end. One that
does not fit into the limit of its database is refused.`,
  async run(call: TasksCall) {
    const [text] = call.args;
    const bytes = text === undefined || text.toLowerCase() === NONE ? null : bytesOf(text);
    const found = await withTasks(call, async (tasks) => {
      if (text !== undefined) await tasks.setMemoryLimit(bytes);
      return await tasks.reservations();
    });
    call.out(call.options.json ? jsonText(rowOf(found)) : reservationsText(found));
    return 0;
  },
};

function rowOf({ limitBytes, reservedBytes, byUser }: Reservations) {
  return { limit_bytes: limitBytes, reserved_bytes: reservedBytes, by_user: byUser };
}

function reservationsText({ limitBytes, reservedBytes, byUser }: Reservations): string {
  const rows: (readonly [name: string, text: string])[] = [
    ['limit', limitBytes === null ? NONE : bytesText(limitBytes)],
    ['reserved', bytesText(reservedBytes)],
    ...Object.entries(byUser).map(
      ([user, bytes]) => [`  ${plainText(user)}`, bytesText(bytes)] as const,
    ),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join('');
}
