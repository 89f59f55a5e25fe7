import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import type { TaskEvent } from '../tasks.ts';
import { feed } from './feed.ts';
import { ownPageOnly, protect, tokenOnly } from './gate.ts';
import type { OwnerWatch } from './owner-watch.ts';
import type { PageFile } from './page-files.ts';
import { cancelRequestOf, durationsRequestOf } from './request.ts';
import type { Source } from './source.ts';
import { type History, wireEvents } from './wire.ts';

/** Of a request's body: many paths are asked for at once. */
const BODY_MAX_BYTES = 1 << 20;

/** Each keeps a place in the log and a connection. */
const READERS_MAX = 64;

/** Lines of scrollback. */
const HISTORY_LINES = 1000;

/** Pages of the log that are read to fill it: most events are progress, which it does not show. */
const HISTORY_PAGES = 5;

interface AppOptions {
  readonly source: Source;
  readonly owners: OwnerWatch;
  readonly token: string;
  readonly files: ReadonlyMap<string, PageFile>;
  /** Ends all streams. */
  readonly signal: AbortSignal;
}

/** The page and what it asks for. */
export function pageApp({ source, owners, token, files, signal }: AppOptions): Hono {
  const app = new Hono();
  let readers = 0;
  app.use(protect, ownPageOnly);
  app.use('/api/*', tokenOnly(token), bodyLimit({ maxSize: BODY_MAX_BYTES }));

  app.get('/api/events', (context) => {
    if (readers >= READERS_MAX) return context.text('Too many pages are open.\n', 503);
    readers += 1;
    const gone = new AbortController();
    gone.signal.addEventListener('abort', () => {
      readers -= 1;
    });
    const either = AbortSignal.any([gone.signal, signal]);
    const after = sequenceOf(context.req.header('last-event-id'));
    const body = pulled(feed(source, owners, after, either), gone);
    return context.body(body, 200, {
      'Content-Type': 'text/event-stream',
      // Or the adapter waits for more before it sends the first.
      'Transfer-Encoding': 'chunked',
    });
  });

  app.get('/api/history', async (context) => {
    const before = sequenceOf(context.req.query('before'));
    const [events, log] = await Promise.all([
      changesBefore(source, before),
      source.log({ allUsers: true, allDatabases: true, limit: HISTORY_LINES }),
    ]);
    return context.json({ events: wireEvents(events), log } satisfies History);
  });

  app.post('/api/durations', async (context) => {
    const { database, paths } = durationsRequestOf(await bodyOf(context.req));
    const durations = await source.at(database).durations(paths);
    return context.json(paths.map((path) => durations.get(path) ?? []));
  });

  app.post('/api/cancel', async (context) => {
    const { database, user, job } = cancelRequestOf(await bodyOf(context.req));
    const isRequested = await source.at(database).requestCancel(job, { user });
    return context.json({ isRequested });
  });

  app.get('*', (context) => {
    const path = context.req.path.slice(1);
    const file = files.get(path === '' ? 'index.html' : path);
    if (!file) return context.notFound();
    return context.body(file.text, 200, { 'Content-Type': file.type });
  });

  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse();
    return context.text(`${error.message}\n`, 500);
  });
  return app;
}

/** A stream that makes a chunk when one is asked for, and none ahead. */
function pulled(
  frames: AsyncGenerator<string, void, undefined>,
  gone: AbortController,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await frames.next();
        if (!done) return controller.enqueue(encoder.encode(value));
        gone.abort();
        controller.close();
      },
      async cancel() {
        gone.abort();
        await frames.return();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The newest events before one, without progress; oldest first. */
async function changesBefore(source: Source, before: number | undefined) {
  const filter = { allUsers: true, allDatabases: true, limit: HISTORY_LINES };
  let found: readonly TaskEvent[] = [];
  let edge = before;
  for (let page = 0; page < HISTORY_PAGES && found.length < HISTORY_LINES; page += 1) {
    const events = await source.history(edge === undefined ? filter : { ...filter, before: edge });
    found = [...events.filter(({ kind }) => kind !== 'progress'), ...found];
    edge = events[0]?.seq;
    if (edge === undefined) break;
  }
  return found.slice(-HISTORY_LINES);
}

function sequenceOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}

async function bodyOf(request: { json(): Promise<unknown> }): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw new HTTPException(400, { message: 'The body is no JSON.' });
  }
}
