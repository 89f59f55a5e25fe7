import { HoldfastError } from '../errors.ts';
import type { Update } from '../tasks.ts';
import { failureFrame, HEARTBEAT, ownersFrame, RETRY, updateFrames } from './frame.ts';
import type { OwnerWatch } from './owner-watch.ts';
import type { Source } from './source.ts';
import { Wake } from './wake.ts';

/** Proxies and browsers take a connection that is silent for longer for dead. */
const HEARTBEAT_MS = 15_000;

/** More often than ten times a second nobody sees. */
const INTERVAL_MS = 100;

/** Behind as many events there are probably more: they are sent without a pause. */
const MANY = 500;

/**
 * What one reader is sent: all there is, or what came behind `after`, then every change. Each frame
 * is made when it is asked for, so a reader that does not read keeps nothing in memory but its place.
 */
export async function* feed(
  source: Source,
  owners: OwnerWatch,
  after: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  yield RETRY;
  const wake = new Wake();
  const updates = source.subscribe({ allUsers: true, allDatabases: true, after, signal });
  const heart = setInterval(() => wake.set(), HEARTBEAT_MS / 2);
  const stopWatching = owners.watch(() => wake.set());
  signal.addEventListener('abort', () => wake.set());
  try {
    yield* frames(updates, owners, wake, signal);
  } catch (error) {
    if (!signal.aborted) yield failureFrame({ message: reasonOf(error) });
  } finally {
    clearInterval(heart);
    stopWatching();
    await updates.return?.();
  }
}

async function* frames(
  updates: AsyncIterator<Update>,
  owners: OwnerWatch,
  wake: Wake,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  let next = awaited(updates, wake);
  let version = 0;
  let sentAt = performance.now();
  while (!signal.aborted) {
    const result = next.take();
    if (result?.done) return;
    if (result) {
      yield* updateFrames(result.value);
      sentAt = performance.now();
      if (!isLong(result.value)) await pause(INTERVAL_MS, signal);
      next = awaited(updates, wake);
    }
    if (owners.version !== version) {
      version = owners.version;
      yield ownersFrame(owners.states);
      sentAt = performance.now();
    } else if (performance.now() - sentAt >= HEARTBEAT_MS) {
      yield HEARTBEAT;
      sentAt = performance.now();
    }
    await wake.wait();
  }
}

function isLong(update: Update): boolean {
  return update.kind === 'events' && update.events.length >= MANY;
}

/** The next update, asked for now. Looking whether it is there costs nothing, however long it takes. */
function awaited(updates: AsyncIterator<Update>, wake: Wake) {
  let settled: (() => IteratorResult<Update> | undefined) | undefined;
  updates.next().then(
    (result) => {
      settled = () => result;
      wake.set();
    },
    (error) => {
      settled = () => {
        throw error;
      };
      wake.set();
    },
  );
  return { take: () => settled?.() };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}

function reasonOf(error: unknown): string {
  return error instanceof HoldfastError ? `${error.code}: ${error.message}` : String(error);
}
