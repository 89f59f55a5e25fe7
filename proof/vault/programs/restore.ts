import { join } from 'node:path';
import { Vault } from '../../../src/vault.ts';
import { type Claim, keyFact, secretFact } from '../claims.ts';
import { bytesOf, digestOf, idOf } from '../content.ts';
import type { Actor, Operation } from '../operation.ts';

/** Made before they are needed, so that most of the time goes into restoring. */
const STAGES = 6;
const PASSWORD = Buffer.from('a password of a backup');
/** The least that there is: the derivation is not what is looked at. */
const ARGON2 = { memoryKib: 8, passes: 1, parallelism: 1 };

/** A backup of a vault, and what there is in it that was not in the one before. */
interface Stage {
  readonly file: Buffer;
  readonly set: Readonly<Record<string, string>>;
  readonly claims: readonly Claim[];
}

/** Takes in backups of another vault that goes on, one after the other. */
export async function* restore(actor: Actor): AsyncGenerator<Operation, void> {
  const { vault, room, home } = actor;
  for (let batch = 0; ; batch += 1) {
    const source = new Source(`${room}/b${batch}`, join(home, `source-${batch}`));
    for (const stage of await source.stages(STAGES)) yield restoration(vault, stage);
  }
}

function restoration(vault: Vault, { file, set, claims }: Stage): Operation {
  const run = async () => {
    const { conflicts, secrets } = await vault.restore(file, PASSWORD);
    const told = [...conflicts, ...secrets.conflicts];
    if (told.length > 0) throw new Error(`conflicts: ${JSON.stringify(told)}`);
    return [];
  };
  return { entry: { kind: 'restore', set, claims }, run };
}

/** Another vault. Each stage makes keys and secrets, and gives some of the last stage new versions. */
class Source {
  readonly #room: string;
  readonly #dir: string;

  constructor(room: string, dir: string) {
    this.#room = room;
    this.#dir = dir;
  }

  async stages(count: number): Promise<readonly Stage[]> {
    const unlock = { keyFile: join(this.#dir, 'key') };
    await using vault = await Vault.open({ dir: this.#dir, unlock, durability: 'process' });
    const stages: Stage[] = [];
    for (let stage = 0; stage < count; stage += 1) stages.push(await this.#next(vault, stage));
    return stages;
  }

  async #next(vault: Vault, stage: number): Promise<Stage> {
    const set: Record<string, string> = {};
    const claims: Claim[] = [];
    for (const name of ['a', 'b']) {
      const label = `${this.#room}-${stage}${name}`;
      await addKey(vault, label, set, claims);
      await addSecret(vault, label, 1, set, claims);
      const older = `${this.#room}-${stage - 1}${name}`;
      if (stage > 0 && name === 'a') await rotateKey(vault, older, set, claims);
      if (stage > 0 && name === 'b') await addSecret(vault, older, 2, set, claims);
    }
    const file = await vault.backup(PASSWORD, { argon2: ARGON2 });
    return { file, set, claims };
  }
}

async function addKey(
  vault: Vault,
  label: string,
  set: Record<string, string>,
  claims: Claim[],
): Promise<void> {
  const [id, material, fact] = [idOf(label), bytesOf(label, 32), keyFact(label, 1)];
  await vault.create({ id, label, material });
  set[fact] = 'Active';
  claims.push({ fact, what: 'material', id, digest: digestOf(material) });
}

/** What the other vault has encrypted is decrypted by this one. */
async function rotateKey(
  vault: Vault,
  label: string,
  set: Record<string, string>,
  claims: Claim[],
): Promise<void> {
  const fact = keyFact(label, 2);
  await vault.rotate(idOf(label));
  const text = `${label}@2`;
  const ciphertext = await vault.encrypt(idOf(label), Buffer.from(text));
  set[keyFact(label, 1)] = 'Deprecated';
  set[fact] = 'Active';
  claims.push({ fact, what: 'ciphertext', base64: ciphertext.toString('base64'), text });
}

async function addSecret(
  vault: Vault,
  name: string,
  version: number,
  set: Record<string, string>,
  claims: Claim[],
): Promise<void> {
  const [value, fact] = [bytesOf(`${name}@${version}`, 300), secretFact(name, version)];
  await vault.secrets.set(name, value);
  set[fact] = 'there';
  claims.push({ fact, what: 'secret', name, version, digest: digestOf(value) });
}
