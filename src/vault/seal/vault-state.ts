import { HoldfastError } from '../../errors.ts';
import { BOX_BYTES } from '../crypto/box.ts';
import { transcript } from '../crypto/transcript.ts';
import { SUM_BYTES } from './membership.ts';
import type { VaultKeys } from './vault-keys.ts';

/** What is true of the vault as a whole. Each transaction that changes anything writes it anew. */
export interface VaultState {
  /** Counts the transactions. */
  readonly revision: number;
  /** Latest time at which one was made, epoch ms: no clock that went back makes a key valid again. */
  readonly at: number;
  readonly audit: AuditEnd;
  /** Counts the changes of rows of keys. */
  readonly keyChanges: number;
  /** Sums of what the rows of each table are as members. */
  readonly keys: bigint;
  readonly secrets: bigint;
  readonly slots: bigint;
}

/** The last event of the audit log, and the last one before its first: what was compacted away. */
export interface AuditEnd {
  readonly sequence: number;
  readonly mac: Uint8Array;
  readonly firstSequence: number;
  readonly firstMac: Uint8Array;
}

export const MAC_BYTES = 32;

export const emptyState: VaultState = {
  ...{ revision: 0, at: 0, keyChanges: 0, keys: 0n, secrets: 0n, slots: 0n },
  audit: {
    sequence: 0,
    mac: new Uint8Array(MAC_BYTES),
    firstSequence: 0,
    firstMac: new Uint8Array(MAC_BYTES),
  },
};

/*
 * offset   0 · 8 · revision       offset  8 · 8 · at
 * offset  16 · 8 · last sequence  offset 24 · 8 · sequence before the first
 * offset  32 · 32 · last MAC      offset 64 · 32 · MAC before the first
 * offset  96 · 32 · keys          offset 128 · 32 · secrets          offset 160 · 32 · slots
 * offset 192 · 8 · changes of keys
 * Integers are big-endian.
 */
const STATE_BYTES = 200;

export function sealState(keys: VaultKeys, state: VaultState): Buffer {
  const plaintext = Buffer.alloc(STATE_BYTES);
  plaintext.writeBigUInt64BE(BigInt(state.revision), 0);
  plaintext.writeBigUInt64BE(BigInt(state.at), 8);
  plaintext.writeBigUInt64BE(BigInt(state.audit.sequence), 16);
  plaintext.writeBigUInt64BE(BigInt(state.audit.firstSequence), 24);
  plaintext.set(state.audit.mac, 32);
  plaintext.set(state.audit.firstMac, 64);
  plaintext.writeBigUInt64BE(BigInt(state.keyChanges), 192);
  for (const [place, sum] of [state.keys, state.secrets, state.slots].entries()) {
    const digits = sum.toString(16).padStart(2 * SUM_BYTES, '0');
    plaintext.write(digits, 96 + place * SUM_BYTES, 'hex');
  }
  return keys.state.seal(plaintext, aadOf(keys));
}

/** @throws TAMPERED */
export function openState(keys: VaultKeys, sealed: Uint8Array): VaultState {
  const bytes = openOrBlame(keys, sealed);
  const count = (at: number) => Number(bytes.readBigUInt64BE(at));
  const sum = (at: number) => BigInt(`0x${bytes.toString('hex', at, at + SUM_BYTES)}`);
  return {
    ...{ revision: count(0), at: count(8), keyChanges: count(192) },
    audit: {
      ...{ sequence: count(16), firstSequence: count(24) },
      mac: Uint8Array.from(bytes.subarray(32, 64)),
      firstMac: Uint8Array.from(bytes.subarray(64, 96)),
    },
    ...{ keys: sum(96), secrets: sum(128), slots: sum(160) },
  };
}

function openOrBlame(keys: VaultKeys, sealed: Uint8Array): Buffer {
  if (sealed.length === STATE_BYTES + BOX_BYTES) {
    try {
      return keys.state.open(sealed, aadOf(keys));
    } catch {
      // Told below.
    }
  }
  throw new HoldfastError('TAMPERED', 'the state of the vault is not as the vault wrote it');
}

function aadOf({ vaultId }: VaultKeys): Buffer {
  return transcript('holdfast vault state', 1, vaultId);
}
