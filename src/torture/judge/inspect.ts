import { importDeclaration } from '../declare/declaration.ts';
import { describeError } from '../run/perform.ts';
import type { Job, Reply } from '../run/protocol.ts';
import { realWorld } from '../world/real-world.ts';
import { readFinally } from './final-reads.ts';

/** Opens a store as somebody new, reads what the declaration reads at the end, and closes it. */
export async function inspect(job: Job, now: number): Promise<Reply & { type: 'inspected' }> {
  const declared = await importDeclaration(job.module, job.declaration);
  let store: unknown;
  try {
    store = await declared.store.open(job.shared, realWorld);
  } catch (error) {
    const { code, message } = describeError(error);
    const hasCode = error instanceof Error && 'code' in error && error.code !== undefined;
    return {
      type: 'inspected',
      operations: [],
      refusal: { reason: `${code}: ${message}`, hasCode },
    };
  }
  const process = job.clientCount * (job.generation + 1);
  let time = now;
  const clock = () => {
    time += 1000;
    return time;
  };
  const operations = await readFinally(declared, store, { process, clock });
  try {
    await declared.store.close?.(store);
  } catch {
    // It was read; that a damaged store cannot be closed well is no wrong answer.
  }
  return { type: 'inspected', operations, refusal: undefined };
}
