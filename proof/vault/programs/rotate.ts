import type { KeyInfo, Vault } from '../../../src/vault.ts';
import { type Claim, keyFact } from '../claims.ts';
import { digestOf, idOf } from '../content.ts';
import type { Actor, Operation } from '../operation.ts';

const FAMILIES = 3;

/** One key that all who rotate have in common. */
const COMMON = 'common';

/** New versions of keys of its own, and of one that others rotate, too. */
export async function* rotate(actor: Actor): AsyncGenerator<Operation, void> {
  const { vault, room, random } = actor;
  const families = Array.from({ length: FAMILIES }, (_, index) => ({
    label: `${room}/f${index}`,
    version: 1,
  }));
  for (const { label } of families) yield birth(vault, label);
  yield { entry: { kind: 'prepare' }, run: () => orConflict(() => created(vault, COMMON)) };
  for (;;) {
    if (random.int(4) === 0) {
      yield { entry: { kind: 'rotate' }, run: () => orConflict(() => rotatedCommon(vault)) };
      continue;
    }
    const family = random.pick(families);
    yield rotation(actor, family.label, family.version);
    family.version += 1;
  }
}

/** A first version. */
export function birth(vault: Vault, label: string): Operation {
  const set = { [keyFact(label, 1)]: 'Active' };
  return { entry: { kind: 'prepare', set }, run: () => created(vault, label) };
}

async function created(vault: Vault, label: string): Promise<readonly Claim[]> {
  await vault.create({ id: idOf(label), label, algorithm: 'Aes256Gcm' });
  return [];
}

function rotation({ vault, isSplit }: Actor, label: string, version: number): Operation {
  const fact = keyFact(label, version + 1);
  const set = { [keyFact(label, version)]: 'Deprecated', [fact]: 'Active' };
  const run = async () => {
    const options = { expectedVersion: version };
    if (isSplit) {
      const { id } = await vault.rotate(idOf(label), { ...options, stage: true });
      await vault.promote(id);
    } else await vault.rotate(idOf(label), options);
    return [await ciphertextOf(vault, label, `${label}@${version + 1}`, fact)];
  };
  return { entry: { kind: 'rotate', set }, run };
}

/** What the newest version has encrypted. */
export async function ciphertextOf(
  vault: Vault,
  label: string,
  text: string,
  fact?: string,
): Promise<Claim> {
  const ciphertext = await vault.encrypt(idOf(label), Buffer.from(text));
  return { ...(fact && { fact }), what: 'ciphertext', base64: ciphertext.toString('base64'), text };
}

/** Nobody removes versions of it. */
async function rotatedCommon(vault: Vault): Promise<readonly Claim[]> {
  const { version } = await vault.latest(idOf(COMMON));
  const made = await vault.rotate(idOf(COMMON), { expectedVersion: version });
  const text = `${COMMON}@${made.version} or later`;
  return [await materialOf(vault, made), await ciphertextOf(vault, COMMON, text)];
}

async function materialOf(vault: Vault, { id }: KeyInfo): Promise<Claim> {
  using secret = await vault.reveal(id);
  return { what: 'material', id, digest: digestOf(secret.expose()) };
}

/** Another one was faster. */
async function orConflict(work: () => Promise<readonly Claim[]>): Promise<readonly Claim[]> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'CONFLICT') return [];
    throw error;
  }
}
