import { one, run, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import { transcript } from '../crypto/transcript.ts';
import { rowOf } from '../seal/columns.ts';
import type { VaultKeys } from '../seal/vault-keys.ts';
import type { Session } from '../session.ts';

const POSITION_BYTES = 8;
const FIND = 'SELECT position FROM followers WHERE name = ?';
const PUT = `INSERT INTO followers (name, position) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET position = excluded.position`;

interface PositionRow {
  /** `sequence` of the last event that the follower has (8, big-endian), in a box. */
  readonly position: Uint8Array;
}

/** Up to which event a follower has the log, if there was one of that name. @throws TAMPERED */
export async function readPosition(session: Session, name: string): Promise<number | undefined> {
  return session.engine.read(() => positionBody(session.keys, name));
}

/**
 * Sealed: who can change the file makes a follower see events again, and miss none. Two followers of
 * one name leave what the slower one had not yet.
 */
export async function notePosition(session: Session, name: string, at: number): Promise<void> {
  const { engine, keys } = session;
  const position = Buffer.alloc(POSITION_BYTES);
  position.writeBigUInt64BE(BigInt(at));
  const sealed = keys.records.seal(position, aadOf(keys, name));
  await engine.write(() => run(PUT, name, sealed));
}

function* positionBody(keys: VaultKeys, name: string): Steps<number | undefined> {
  const row = yield* one<PositionRow>(FIND, name);
  if (row === undefined) return undefined;
  rowOf(row, { position: 'bytes' }, 'the position of a follower');
  try {
    return Number(keys.records.open(row.position, aadOf(keys, name)).readBigUInt64BE());
  } catch {
    throw new HoldfastError(
      'TAMPERED',
      `the position of the follower '${name}' is not as the vault wrote it`,
    );
  }
}

function aadOf({ vaultId }: VaultKeys, name: string): Buffer {
  return transcript('holdfast vault follower', vaultId, name);
}
