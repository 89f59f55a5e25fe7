import type { Vault } from '../../../src/vault.ts';
import { keyFact } from '../claims.ts';
import { idOf } from '../content.ts';
import type { Actor, Operation } from '../operation.ts';

/** Made at once, so that most of the time goes into cleaning up. */
const FAMILIES = 16;
const VERSIONS = 5;

/** Removes old versions of keys that have several. */
export async function* cleanup({ vault, room, random }: Actor): AsyncGenerator<Operation, void> {
  for (let batch = 0; ; batch += 1) {
    const labels = Array.from({ length: FAMILIES }, (_, index) => `${room}/c${batch}-${index}`);
    yield preparation(vault, labels);
    for (const label of labels) yield removal(vault, label, 1 + random.int(VERSIONS - 1));
  }
}

function preparation(vault: Vault, labels: readonly string[]): Operation {
  const facts = labels.flatMap((label) =>
    Array.from({ length: VERSIONS }, (_, index) => [
      keyFact(label, index + 1),
      index + 1 === VERSIONS ? 'Active' : 'Deprecated',
    ]),
  );
  const run = async () => {
    await Promise.all(labels.map((label) => grown(vault, label)));
    return [];
  };
  return { entry: { kind: 'prepare', set: Object.fromEntries(facts), isLoose: true }, run };
}

async function grown(vault: Vault, label: string): Promise<void> {
  const id = idOf(label);
  const made = vault.create({ id, label });
  const rotations = Array.from({ length: VERSIONS - 1 }, () => vault.rotate(id));
  await Promise.all([made, ...rotations]);
}

function removal(vault: Vault, label: string, keep: number): Operation {
  const unset = Array.from({ length: VERSIONS - keep }, (_, index) => keyFact(label, index + 1));
  const run = async () => {
    await vault.cleanup(idOf(label), { keep });
    return [];
  };
  return { entry: { kind: 'cleanup', unset }, run };
}
