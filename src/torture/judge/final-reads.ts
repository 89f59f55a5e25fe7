import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { perform } from '../run/perform.ts';

/** What the declaration reads at the end, as operations of one more client. */
export async function readFinally(
  declared: AnyDeclared,
  store: unknown,
  { process, clock }: { readonly process: number; readonly clock: () => number },
): Promise<readonly Operation[]> {
  const read: Operation[] = [];
  for (const { f, input } of declared.finalReads ?? []) {
    const begun = { process, phase: 'final reads', round: 0, f, input, invokedAt: clock() };
    read.push(await perform(declared, store, begun, clock));
  }
  return read;
}
