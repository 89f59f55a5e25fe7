import { HoldfastError } from '../../errors.ts';
import type { TasksPage } from '../../web.ts';
import type { Command, OptionTable } from '../command.ts';
import { withTasks } from './open.ts';
import type { TasksCall } from './options.ts';

/** The one that is taken if nobody has it, so that a page that is open finds us again. */
const USUAL_PORT = 4665;

const options = {
  port: {
    ...{ type: 'integer', value: 'PORT', min: 0, max: 65_535 },
    help: `Port to serve it on, 0 for any; ${USUAL_PORT} or any by default`,
  },
} as const satisfies OptionTable;

type ServeCall = TasksCall<typeof options>;

export const serve: Command = {
  options,
  details: `Prints a link, and serves it to browsers of this machine until Ctrl-C. Who has the link sees the
jobs of all users and databases of the directory, and can ask to cancel them.
Its token is a new one each time, or that of $HOLDFAST_TASKS_TOKEN (22 letters, digits, '-' and
'_', or more), with which an open page goes on after a restart.`,
  async run(call: ServeCall) {
    const token = call.env.HOLDFAST_TASKS_TOKEN || undefined;
    const { servePage } = await import('../../web.ts');
    return await withTasks(call, async (tasks) => {
      const { port } = call.options;
      const wanted = port ?? USUAL_PORT;
      const serve = (port: number) => servePage(tasks, { port, token });
      await using page = await serve(wanted).catch((error: unknown) => {
        const isTaken = error instanceof HoldfastError && error.code === 'PORT_IN_USE';
        if (port !== undefined || !isTaken) throw error;
        return serve(0);
      });
      return await untilInterrupted(call, page);
    });
  },
};

async function untilInterrupted(call: ServeCall, page: TasksPage): Promise<number> {
  const { json } = call.options;
  const { url, port } = page;
  call.out(json ? `${JSON.stringify({ url, port, pid: process.pid })}\n` : `${url}\n`);
  await call.flush();
  if (!call.signal.aborted) {
    await new Promise<void>((resolve) => {
      call.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  return 0;
}
