import type { Random } from '../../../src/torture/declare/random.ts';
import type { Algorithm, Vault } from '../../../src/vault.ts';
import { keyFact, secretFact } from '../claims.ts';
import { bytesOf, digestOf, idOf } from '../content.ts';
import type { Actor, Operation } from '../operation.ts';

const ALGORITHMS: readonly Algorithm[] = ['Aes256Gcm', 'XChaCha20Poly1305', 'Ed25519'];
const SECRETS = 6;
/** Fills many pages of the log. */
const LARGE_BYTES = 200_000;

/** Keys with material that is known, and values of a few secrets. */
export async function* store(actor: Actor): AsyncGenerator<Operation, void> {
  const { vault, room, random } = actor;
  const versions = new Map<string, number>();
  for (let count = 0; ; count += 1) {
    if (random.int(2) === 0) {
      yield creation(vault, `${room}/k${count}`, random.pick(ALGORITHMS));
      continue;
    }
    const name = `${room}/s${random.int(SECRETS)}`;
    const version = (versions.get(name) ?? 0) + 1;
    yield setting(vault, name, version, sizeOf(random));
    versions.set(name, version);
  }
}

/** Keys, one after the other. */
export async function* create({ vault, room, random }: Actor): AsyncGenerator<Operation, void> {
  for (let count = 0; ; count += 1) {
    yield creation(vault, `${room}/k${count}`, random.pick(ALGORITHMS));
  }
}

/** Large values of one secret. */
export async function* set({ vault, room }: Actor): AsyncGenerator<Operation, void> {
  for (let version = 1; ; version += 1) yield setting(vault, `${room}/s`, version, LARGE_BYTES);
}

function creation(vault: Vault, label: string, algorithm: Algorithm): Operation {
  const [id, material, fact] = [idOf(label), bytesOf(label, 32), keyFact(label, 1)];
  return {
    entry: {
      kind: 'store',
      set: { [fact]: 'Active' },
      claims: [{ fact, what: 'material', id, digest: digestOf(material) }],
    },
    run: async () => {
      await vault.create({ id, label, material, algorithm });
      return [];
    },
  };
}

/** A new value of a secret. */
function setting(vault: Vault, name: string, version: number, sizeBytes: number): Operation {
  const value = bytesOf(`${name}@${version}`, sizeBytes);
  const fact = secretFact(name, version);
  return {
    entry: {
      kind: 'store',
      set: { [fact]: 'there' },
      claims: [{ fact, what: 'secret', name, version, digest: digestOf(value) }],
    },
    run: async () => {
      await vault.secrets.set(name, value, { expectedVersion: version - 1 });
      return [];
    },
  };
}

function sizeOf(random: Random): number {
  return random.int(16) === 0 ? LARGE_BYTES : random.int(2000);
}
