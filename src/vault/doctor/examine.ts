import { all, type Steps } from '../../engine/steps.ts';
import { HoldfastError } from '../../errors.ts';
import type { Audit } from '../audit/audit.ts';
import type { Book } from '../keys/book.ts';
import type { KeyInfo } from '../keys/key-record.ts';
import { mayMake } from '../keys/key-state.ts';
import type { Session } from '../session.ts';
import { advice, problem, type VaultFinding } from './finding.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const ROTATION_MS = 365 * DAY_MS;
const STAGED_MS = 7 * DAY_MS;
const ATTEMPTS_MS = 7 * DAY_MS;
const OLD_VERSIONS_MAX = 10;
/** Of the end of the log, in which attempts in vain are looked for. */
const EVENTS = 10_000;

/** Looks at an open vault: its keys and secrets, and all of its log. */
export async function examineVault(
  session: Session,
  audit: Audit,
  signal: AbortSignal | undefined,
): Promise<readonly VaultFinding[]> {
  const book = await session.read();
  const now = session.now(book);
  return [
    ...(await logFindings(audit, now, signal)),
    ...keyFindings(book, now),
    ...(await session.engine.read(() => secretFindings(now))),
  ];
}

async function logFindings(
  audit: Audit,
  now: number,
  signal: AbortSignal | undefined,
): Promise<readonly VaultFinding[]> {
  try {
    await audit.verify(signal);
    const attempts = (await audit.read({ last: EVENTS })).filter(
      ({ event }) =>
        event.kind === 'AuthenticationAttempt' && !event.success && now - event.at < ATTEMPTS_MS,
    );
    if (attempts.length === 0) return [];
    const text = `${attempts.length} attempts to open it in the last seven days were in vain`;
    return [advice('failed-attempts', text, 'find out whose they were')];
  } catch (error) {
    if (!(error instanceof HoldfastError && error.code === 'TAMPERED')) throw error;
    return [problem('tampered', error.message, 'restore a backup into a new vault')];
  }
}

function keyFindings(book: Book, now: number): readonly VaultFinding[] {
  const findings: VaultFinding[] = [];
  for (const { info } of book.entries) {
    const name = nameOf(info);
    const age = now - info.createdAt;
    if (mayMake(info.state)) {
      if ((info.encryptUntil ?? now) < now) {
        const text = `${name} is in use and has expired`;
        findings.push(problem('expired-in-use', text, `holdfast vault rotate ${info.id}`));
      } else if (age > ROTATION_MS) {
        const text = `${name} is ${Math.floor(age / DAY_MS)} days old`;
        findings.push(advice('never-rotated', text, `holdfast vault rotate ${info.id}`));
      }
    } else if (info.state === 'Pending' && age > STAGED_MS) {
      const text = `${name} was staged ${Math.floor(age / DAY_MS)} days ago`;
      findings.push(advice('long-staged', text, `holdfast vault promote ${info.id}`));
    }
    const isFirst = book.family(info.baseId)[0]?.info === info;
    if (isFirst) findings.push(...oldVersions(book, info));
  }
  return findings;
}

function oldVersions(book: Book, { baseId, label }: KeyInfo): readonly VaultFinding[] {
  const family = book.family(baseId);
  const old = family.filter(({ info }) => info.state === 'Deprecated' || info.state === 'Revoked');
  if (old.length <= OLD_VERSIONS_MAX) return [];
  const text = `key ${label ?? baseId} has ${old.length} old versions`;
  const remedy = `holdfast vault cleanup ${baseId} --keep ${OLD_VERSIONS_MAX}`;
  return [advice('many-old-versions', text, remedy)];
}

function* secretFindings(now: number): Steps<readonly VaultFinding[]> {
  const due = yield* all<{ name: string }>(
    'SELECT name FROM secrets WHERE purge_at <= ? ORDER BY name LIMIT 1000',
    now,
  );
  return due.map(({ name }) => {
    const text = `the secret '${name}' was deleted and its grace is over`;
    return advice('grace-over', text, 'holdfast vault secret purge');
  });
}

function nameOf({ id, label, version }: KeyInfo): string {
  return `version ${version} of key ${label ?? id}`;
}
