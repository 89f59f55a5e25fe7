import type { Calls, Request, Response } from './crew.ts';

/** Does what the parent process asks for, until that is gone (`crew.ts`). */
export function serve(calls: Calls): void {
  process.on('message', async (request) => process.send?.(await answer(calls, request as Request)));
  process.once('disconnect', () => process.exit());
}

async function answer(calls: Calls, { id, name, args }: Request): Promise<Response> {
  try {
    return { id, value: await calls[name]?.(...(args as never[])) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
