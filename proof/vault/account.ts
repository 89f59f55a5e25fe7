import { parseKeyId, versionId } from '../../src/vault/keys/key-id.ts';
import type { EventRow, Tables } from './tables.ts';

/** Of a key whose state the log does not tell: it came from elsewhere. */
const UNTOLD = '?';

interface Rotation {
  readonly baseId: string;
  readonly oldVersion: number;
  readonly newVersion: number;
  readonly newState: string;
}

/** A vault as its audit log tells it. */
class Account {
  /** State by id. */
  readonly keys = new Map<string, string>();
  readonly secrets = new Map<string, number>();
  /** Slots that must not be there any more. */
  readonly goneSlots = new Set<string>();
  slots = 0;
  readonly faults: string[] = [];

  tell({ event, detail }: EventRow): void {
    const told = JSON.parse(detail);
    if (event === 'VaultCreated') this.slots += 1;
    if (event === 'KeyCreated') this.#put(told.keyId, 'Active');
    if (event === 'KeyRotated') this.#rotate(told);
    if (event === 'KeyImported' && told.change === 'created') this.#put(told.keyId, UNTOLD);
    if (event === 'KeyImported' && told.change === 'updated') this.#require(told.keyId);
    if (event === 'KeyStateChanged') this.#restate(told.keyId, told.oldState, told.newState);
    if (event === 'KeyDeleted') {
      this.#require(told.keyId);
      this.keys.delete(told.keyId);
    }
    if (event === 'SecretChanged') this.#setSecret(told.name, told.version, told.change);
    if (event === 'SlotChanged') this.#changeSlot(told.slot, told.change);
  }

  /** An Active new version has made the old one Deprecated. */
  #rotate({ baseId, oldVersion, newVersion, newState }: Rotation): void {
    const base = parseKeyId(baseId);
    const old = oldVersion === 1 ? base : versionId(base, oldVersion);
    if (newState === 'Active') this.#restate(old, 'Active', 'Deprecated');
    this.#put(versionId(base, newVersion), newState);
  }

  #put(id: string, state: string): void {
    if (this.keys.has(id)) this.faults.push(`the log makes the key ${id} twice`);
    this.keys.set(id, state);
  }

  #require(id: string): void {
    if (!this.keys.has(id)) this.faults.push(`the log changes the key ${id}, which is not there`);
  }

  #restate(id: string, from: string, to: string): void {
    const had = this.keys.get(id);
    if (had !== from && had !== UNTOLD) {
      this.faults.push(`the log makes the key ${id} ${to} from ${from}, and it was ${had}`);
    }
    this.keys.set(id, to);
  }

  #setSecret(name: string, version: number, change: string): void {
    const had = this.secrets.get(name) ?? 0;
    // One event for all values that a restore brings.
    const isNext = change === 'restored' ? version > had : version === had + 1;
    if (!isNext) this.faults.push(`the log sets ${name} from version ${had} to ${version}`);
    this.secrets.set(name, version);
  }

  #changeSlot(slot: string, change: string): void {
    if (change === 'added') this.slots += 1;
    if (change === 'removed') this.slots -= 1;
    if (change === 'added') return;
    if (this.goneSlots.has(slot)) this.faults.push(`the log takes the slot ${slot} away twice`);
    this.goneSlots.add(slot);
  }
}

/** Sentences about rows that the log does not account for, and events without a row. */
export function accountFaults(tables: Tables): string[] {
  const account = new Account();
  for (const event of tables.events) account.tell(event);
  const { faults } = account;
  if (tables.soundness !== 'ok') faults.push(`the file is not sound: ${tables.soundness}`);
  faults.push(...keyFaults(account, tables), ...secretFaults(account, tables));
  if (tables.slots.length !== account.slots) {
    faults.push(`there are ${tables.slots.length} slots, and the log tells of ${account.slots}`);
  }
  for (const slot of tables.slots) {
    if (account.goneSlots.has(slot)) faults.push(`the log has taken the slot ${slot} away`);
  }
  return faults;
}

function keyFaults({ keys }: Account, tables: Tables): string[] {
  const faults: string[] = [];
  const active = new Map<string, number>();
  for (const { id, base, state } of tables.keys) {
    const told = keys.get(id);
    active.set(base, (active.get(base) ?? 0) + (state === 'Active' ? 1 : 0));
    if (told !== state && told !== UNTOLD) {
      faults.push(`the key ${id} is ${state}, and ${told ?? 'missing'} in the log`);
    }
  }
  for (const [base, count] of active) {
    if (count !== 1) faults.push(`the key ${base} has ${count} active versions`);
  }
  const rows = new Set(tables.keys.map(({ id }) => id));
  for (const id of keys.keys()) {
    if (!rows.has(id)) faults.push(`the key ${id} is in the log and nowhere else`);
  }
  return faults;
}

function secretFaults({ secrets }: Account, tables: Tables): string[] {
  return [...new Set([...secrets.keys(), ...tables.secrets.keys()])]
    .filter((name) => secrets.get(name) !== tables.secrets.get(name))
    .map((name) => {
      const told = secrets.get(name) ?? 'none';
      return `${name} is at version ${tables.secrets.get(name) ?? 'none'}, and ${told} in the log`;
    });
}
