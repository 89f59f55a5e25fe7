import { join } from 'node:path';
import { type NewUnlock, newRecoveryCode } from '../../../src/vault.ts';
import { wayFact } from '../claims.ts';
import type { Actor, Operation } from '../operation.ts';

interface Way {
  readonly fact: string;
  readonly unlock: NewUnlock;
}

/** A way in of its own, again and again in the place of the one before. */
export async function* password(actor: Actor): AsyncGenerator<Operation, void> {
  const { vault } = actor;
  let slot = '';
  let way = newWay(actor, 0);
  const add = async () => {
    slot = (await vault.slots.add(way.unlock)).id;
    return [];
  };
  yield { entry: { kind: 'prepare', set: { [way.fact]: 'opens' } }, run: add };
  for (let count = 1; ; count += 1) {
    const next = newWay(actor, count);
    const run = async () => {
      slot = (await vault.slots.replace(next.unlock, slot)).id;
      return [];
    };
    yield { entry: { kind: 'password', set: { [next.fact]: 'opens' }, unset: [way.fact] }, run };
    way = next;
  }
}

/** Ways that need no key derivation, which would take up all of the time. */
function newWay({ home, random }: Actor, count: number): Way {
  if (random.int(4) === 0) {
    const keyFile = join(home, `way-${count}`);
    return { fact: wayFact('key-file', keyFile), unlock: { keyFile } };
  }
  const recoveryCode = newRecoveryCode();
  return { fact: wayFact('recovery', recoveryCode.toString()), unlock: { recoveryCode } };
}
