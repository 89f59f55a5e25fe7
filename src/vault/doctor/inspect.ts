import { existsSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { inspectStore } from '../../engine/doctor.ts';
import { requireLocal, storeFiles, thisHost } from '../../engine/files.ts';
import { inspectReadOnly } from '../../engine/sqlite.ts';
import { one, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import { vaultFile } from '../place.ts';
import { vaultSchema } from '../schema.ts';
import { PASSWORD_ARGON2 } from '../slots/password.ts';
import { parseSlot, type SlotParams } from '../slots/slot.ts';
import { readHeader } from '../vault-file.ts';
import type { SlotInfo } from '../vault-slots.ts';
import { advice, problem, type VaultFinding } from './finding.ts';
import { hostFindings } from './host.ts';

export interface InspectOptions {
  /** Data directory; `$HOLDFAST_DIR` or `~/.holdfast` by default. */
  readonly dir?: string | undefined;
  /** One that opens it, to be looked at too: whether others may read it. */
  readonly keyFile?: string | undefined;
}

/** What can be said of a vault by who cannot open it. */
export interface VaultInspection {
  readonly dir: string;
  readonly slots: readonly SlotInfo[];
  readonly findings: readonly VaultFinding[];
}

const OPEN_TO_OTHERS = 0o077;

/**
 * Looks at a vault from outside: its files, its ways in, and the machine it is on. Changes nothing
 * and waits for no lock.
 * @throws STORE_MISSING
 */
export function inspectVault(options: InspectOptions = {}): VaultInspection {
  const file = vaultFile(options.dir);
  const dir = dirname(file);
  if (!existsSync(file)) {
    throw new HoldfastError('STORE_MISSING', `there is no vault in ${dir}`);
  }
  const { slots, attempts, findings } = contentOf(file);
  return {
    dir,
    slots: slots.map(({ id, params }) => ({ id, kind: params.kind })),
    findings: [
      ...inspectStore(file).problems.map((text) => problem('store', text, remedyOf(text))),
      ...placeFindings(file),
      ...directoryFindings(dir),
      ...keyFileFindings(dir, options.keyFile),
      ...findings,
      ...slotFindings(slots.map(({ params }) => params)),
      ...attemptFindings(attempts),
      ...hostFindings(),
    ],
  };
}

function remedyOf(text: string): string {
  return text.includes('mode')
    ? 'chmod 600'
    : 'restore a backup, if the next write does not mend it';
}

interface Content {
  readonly slots: readonly { readonly id: string; readonly params: SlotParams }[];
  /** In vain, that nobody has seen yet who could open it. */
  readonly attempts: number;
  readonly findings: readonly VaultFinding[];
}

function contentOf(file: string): Content {
  try {
    return inspectReadOnly(file, readContent);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const found = problem('tampered', error.message, 'restore a backup');
    return { ...NOTHING, findings: [found] };
  }
}

function* readContent(): Steps<Content> {
  const version = yield* vaultSchema.found();
  // Nobody knows what its tables are.
  if (version > vaultSchema.version) return { ...NOTHING, findings: [newerSchema(version)] };
  const header = yield* readHeader();
  const row = yield* one<{ count: number }>('SELECT count(*) AS count FROM attempts');
  const slots: { id: string; params: SlotParams }[] = [];
  const findings: VaultFinding[] = [];
  for (const { id, slot } of header?.slots ?? []) {
    const params = paramsOf(slot);
    if (params) slots.push({ id, params });
    else findings.push(unreadableSlot(id));
  }
  return { slots, attempts: row?.count ?? 0, findings };
}

const NOTHING = { slots: [], attempts: 0 } as const;

function newerSchema(version: number): VaultFinding {
  const text = `it has schema ${version}, and this Holdfast knows ${vaultSchema.version}`;
  return problem('newer-schema', text, 'use a newer Holdfast');
}

/** Undefined for one that is damaged, or of a kind that a later version has. */
function paramsOf(slot: Uint8Array): SlotParams | undefined {
  try {
    return parseSlot(slot).params;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'FORMAT_INVALID') return undefined;
    throw error;
  }
}

function unreadableSlot(id: string): VaultFinding {
  const text = `the way in ${id} is damaged, or of a kind that a later Holdfast has: it opens nothing`;
  return problem('unreadable-way-in', text, 'restore a backup, or use a newer Holdfast');
}

/** Whose files they are, and whether processes can share them there. */
export function placeFindings(file: string, host = thisHost): readonly VaultFinding[] {
  const findings: VaultFinding[] = [];
  const dir = dirname(file);
  try {
    requireLocal(dir, host);
  } catch (error) {
    if (!(error instanceof HoldfastError && error.code === 'NETWORK_FILESYSTEM')) throw error;
    findings.push(
      problem('network-file-system', error.message, 'move it to a disk of this machine'),
    );
  }
  const { wal, lock } = storeFiles(file);
  for (const path of [dir, file, wal, `${file}-shm`, lock]) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || isOurs(stat)) continue;
    const text = `${path} belongs to user ${stat.uid}, who can change it`;
    findings.push(problem('foreign-owner', text, `chown ${process.getuid?.()} ${path}`));
  }
  return findings;
}

function isOurs({ uid }: Stats): boolean {
  return (process.getuid?.() ?? uid) === uid;
}

function directoryFindings(dir: string): readonly VaultFinding[] {
  const { mode } = statSync(dir);
  if ((mode & OPEN_TO_OTHERS) === 0) return [];
  const text = `others than its owner may look into ${dir} (mode ${octal(mode)})`;
  return [problem('directory-open', text, `chmod 700 ${dir}`)];
}

function keyFileFindings(dir: string, keyFile: string | undefined): readonly VaultFinding[] {
  const stat = keyFile === undefined ? undefined : statSync(keyFile, { throwIfNoEntry: false });
  if (keyFile === undefined || stat === undefined) return [];
  const findings: VaultFinding[] = [];
  if (isOpen(stat)) {
    const text = `others than you may read the key file ${keyFile} (mode ${octal(stat.mode)})`;
    findings.push(problem('key-file-open', text, `chmod 600 ${keyFile}`));
  }
  if (dirname(resolve(keyFile)) === dir) {
    const text = 'the key file lies beside the vault: whoever copies the directory has both';
    findings.push(
      advice('key-file-beside', text, 'keep it elsewhere, and out of backups of that directory'),
    );
  }
  return findings;
}

function isOpen(stat: Stats): boolean {
  return (stat.mode & OPEN_TO_OTHERS) !== 0 || !isOurs(stat);
}

function slotFindings(slots: readonly SlotParams[]): readonly VaultFinding[] {
  const findings = slots.flatMap((slot): VaultFinding[] => {
    if (slot.kind !== 'password') return [];
    const { memoryKib, passes } = slot.argon2;
    if (memoryKib * passes >= PASSWORD_ARGON2.memoryKib * PASSWORD_ARGON2.passes) return [];
    const text = `a password is stretched by ${memoryKib} KiB and ${passes} passes only`;
    return [advice('weak-kdf', text, 'change the password: a new slot has the default')];
  });
  if (slots.length === 1) {
    const text = 'there is one way into the vault: who loses it loses everything';
    findings.push(advice('one-way-in', text, 'holdfast vault slots add --new-recovery-code'));
  }
  return findings;
}

function attemptFindings(count: number): readonly VaultFinding[] {
  if (count === 0) return [];
  const text = `${count} attempts to open it since it was last opened were in vain`;
  return [advice('failed-attempts', text, 'find out whose they were')];
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8);
}
