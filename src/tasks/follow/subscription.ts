import { monotonicMs } from '../../engine/clock.ts';
import type { Engine } from '../../engine/engine.ts';
import { pause } from '../../engine/lock.ts';
import type { Steps } from '../../engine/steps.ts';
import type { Update } from '../calls.ts';
import type { JobTree } from '../model/record.ts';
import { eventsBody } from '../read/events.ts';
import { type OwnerRow, pageBody, type Scope } from '../read/jobs.ts';
import { ownerRecord } from './liveness.ts';

/** How often owners are looked at: a dead one shows within a second. */
const LOOK_MS = 400;

/** Jobs that are read at once for a snapshot: pages, so that a large store blocks nobody for long. */
const SNAPSHOT_JOBS = 1000;

/** What a subscription needs of its store. */
export interface Source {
  /** On a connection of its own: what a reader does, no writer feels. */
  readonly reader: Engine;
  /** Looks at the owners of active jobs, and ends what dead ones have left. */
  readonly reap: () => Promise<unknown>;
  readonly now: () => number;
}

/** All there is in the scope, then every change of it, in the order of commits and without a gap. */
export async function* follow(
  source: Source,
  scope: Scope,
  after: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Update> {
  const { reader } = source;
  const left = new AbortController();
  const end = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  // Asked for before the first read: what changes after it is not missed.
  const changes = reader.changes(end);
  let pending = changes.next();
  try {
    await source.reap();
    let lookedAt = monotonicMs();
    let seq = after;
    while (!end.aborted) {
      if (seq === undefined) {
        const update = await snapshot(source, scope, after === undefined ? 'snapshot' : 'reset');
        seq = update.seq;
        after = seq;
        yield update;
      }
      const page = await reader.read(() => eventsBody(seq ?? 0, scope));
      if (page.isCompacted) {
        after ??= seq;
        seq = undefined;
        continue;
      }
      seq = page.seq;
      if (page.events.length > 0) yield { kind: 'events', seq, events: page.events };
      // Also while others change something all the time.
      if (monotonicMs() - lookedAt >= LOOK_MS && !end.aborted) {
        await source.reap();
        lookedAt = monotonicMs();
      }
      if (page.hasMore) continue;
      const leftMs = lookedAt + LOOK_MS - monotonicMs();
      if (await settlesWithin(pending, Math.max(0, leftMs), end)) {
        if ((await pending).done) return;
        pending = changes.next();
      }
    }
  } finally {
    pending.catch(() => undefined);
    left.abort();
  }
}

/** One moment: read in one transaction, however many jobs there are. */
async function snapshot(
  { reader, now }: Source,
  scope: Scope,
  kind: 'snapshot' | 'reset',
): Promise<Update> {
  const { jobs, owners, seq } = await reader.read(() => wholeBody(scope));
  return { kind, seq, jobs, owners: owners.map((row) => ownerRecord(row, now())) };
}

function* wholeBody(scope: Scope): Steps<{
  readonly jobs: readonly JobTree[];
  readonly owners: readonly OwnerRow[];
  readonly seq: number;
}> {
  const jobs: JobTree[] = [];
  const owners = new Map<number, OwnerRow>();
  for (;;) {
    const after = jobs.at(-1)?.job.id ?? 0;
    const page = yield* pageBody({ scope, status: null, limit: SNAPSHOT_JOBS, after });
    jobs.push(...page.jobs);
    for (const owner of page.owners) owners.set(owner.id, owner);
    if (!page.hasMore) return { jobs, owners: [...owners.values()], seq: page.seq };
  }
}

async function settlesWithin(
  promise: Promise<unknown>,
  ms: number,
  signal: AbortSignal,
): Promise<boolean> {
  const settled = new AbortController();
  const late = pause(ms, AbortSignal.any([signal, settled.signal])).then(() => false);
  return await Promise.race([promise.then(() => true), late]).finally(() => settled.abort());
}
