import type { Actor, Operation } from '../operation.ts';
import { birth, ciphertextOf } from './rotate.ts';

/** Uses of a key, which a vault may write into its log before their result is given. */
export async function* use({ vault, room }: Actor): AsyncGenerator<Operation, void> {
  const label = `${room}/u`;
  yield birth(vault, label);
  for (let count = 0; ; count += 1) {
    const run = async () => [await ciphertextOf(vault, label, `use ${count}`)];
    yield { entry: { kind: 'use' }, run };
  }
}
