import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { group, leaf, type TaskEvent, Tasks } from '../tasks.ts';
import { servePage, type TasksPage } from './serve.ts';
import { SseParser, type StreamEvent } from './view/sse-parser.ts';

const TOKEN = 'a-token-that-is-long-enough';

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

describe('the server of the page', () => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-web-'));
  let tasks: Tasks;
  let page: TasksPage;
  before(async () => {
    tasks = await Tasks.open({ dir, user: 'anna' });
    page = await servePage(tasks, { token: TOKEN });
  });
  after(async () => {
    await page.close();
    await tasks.close();
    rmSync(dir, { recursive: true, force: true });
  });

  function open(path: string, { method = 'GET', headers, body }: Asked = {}) {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const asked: ClientRequest = request(
      { host: '127.0.0.1', port: page.port, path, method, headers, agent: false },
      resolve,
    );
    asked.on('error', reject);
    asked.end(body);
    return promise;
  }

  async function ask(path: string, asked: Asked = {}) {
    const response = await open(path, asked);
    return { status: response.statusCode, headers: response.headers, text: await text(response) };
  }

  const knowing = { Authorization: `Bearer ${TOKEN}` };

  /** Reads a stream until an event is what it waits for. */
  async function readUntil(
    headers: Readonly<Record<string, string>>,
    isIt: (event: StreamEvent) => boolean,
  ): Promise<readonly StreamEvent[]> {
    const response = await open('/api/events', { headers: { ...knowing, ...headers } });
    const parser = new SseParser();
    const events: StreamEvent[] = [];
    for await (const chunk of response) {
      events.push(...parser.push(String(chunk)));
      if (events.some(isIt)) break;
    }
    response.destroy();
    return events;
  }

  test('has a policy that lets nothing in from elsewhere, on every answer', async () => {
    for (const path of ['/', '/page.css', '/nothing', '/api/events', '/modules/web/page/main.js']) {
      const { headers } = await ask(path);
      const policy = String(headers['content-security-policy']);
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'/, path);
      assert.doesNotMatch(policy, /unsafe|http|\*|data:/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });

  test('refuses a name that was made to point here, and pages from elsewhere', async () => {
    const own = `127.0.0.1:${page.port}`;
    const refused: readonly (readonly [number, Readonly<Record<string, string>>])[] = [
      [421, { Host: 'evil.example' }],
      [421, { Host: `evil.example:${page.port}` }],
      [421, { Host: `127.0.0.1.evil.example:${page.port}` }],
      [400, { Host: `evil.example@127.0.0.1:${page.port}` }],
      [403, { Host: own, Origin: 'http://evil.example' }],
      [403, { Host: own, Origin: 'null' }],
      [403, { Host: own, Origin: `http://127.0.0.1:${page.port + 1}` }],
      [403, { Host: own, Origin: `https://${own}` }],
      [403, { Host: own, 'Sec-Fetch-Site': 'cross-site' }],
      [403, { Host: own, 'Sec-Fetch-Site': 'same-site' }],
    ];
    for (const [status, headers] of refused) {
      for (const path of ['/', '/api/history']) {
        const answer = await ask(path, { headers: { ...knowing, ...headers } });
        assert.equal(answer.status, status, `${path} ${JSON.stringify(headers)}`);
      }
    }
    for (const host of [own, `localhost:${page.port}`, 'localhost:9000']) {
      const headers = { ...knowing, Host: host, Origin: `http://${host}` };
      assert.equal((await ask('/api/history', { headers })).status, 200, host);
    }
  });

  test('tells nothing and does nothing without the token', async () => {
    const job = await tasks.register(leaf('secret work', { volume: 3 }), { job: 'hidden' });
    const cancel = JSON.stringify({ database: 'default', user: 'anna', job: 'hidden' });
    const wrong = ['', 'Bearer ', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, TOKEN, 'Basic x'];
    for (const authorization of wrong) {
      const headers = authorization === '' ? {} : { Authorization: authorization };
      for (const path of [
        '/api/events',
        '/api/history',
        '/api/nothing',
        `/api/events?token=${TOKEN}`,
      ]) {
        const answer = await ask(path, { headers });
        assert.equal(answer.status, 401);
        assert.doesNotMatch(answer.text, /secret/);
      }
      const answer = await ask('/api/cancel', { method: 'POST', headers, body: cancel });
      assert.equal(answer.status, 401);
    }
    assert.equal((await tasks.get('hidden'))?.job.cancelRequestedAt, null);
    await job.root.cancel();
  });

  test("gives no file that is not the page's", async () => {
    const paths = [
      '/modules/tasks/store.ts',
      '/modules/web/gate.ts',
      '/../package.json',
      '/%2e%2e/gate.ts',
      '/modules/web/page/../gate.ts',
      '/modules/web/page/main.test.ts',
      '/tree.ts',
    ];
    for (const path of paths) assert.equal((await ask(path)).status, 404, path);
    assert.equal((await ask('/', { method: 'POST' })).status, 404);
  });

  test('refuses bodies that are none', async () => {
    const bodies = ['', '{', '[]', '{"database":1,"user":"a","job":"b"}', '{"database":"default"}'];
    for (const path of ['/api/cancel', '/api/durations']) {
      for (const body of bodies) {
        const answer = await ask(path, { method: 'POST', headers: knowing, body });
        assert.equal(answer.status, 400, `${path} ${body}`);
      }
      const answer = await ask(path, {
        method: 'POST',
        headers: knowing,
        body: 'x'.repeat(2 << 20),
      });
      assert.equal(answer.status, 413);
    }
  });

  test('streams all there is, then what changes, and goes on behind an event', async () => {
    const job = await tasks.register(group('Import', [leaf('Read', { volume: 5 })]), {
      job: 'one',
    });
    const events = await readUntil({}, ({ event }) => event === 'snapshot');
    const snapshot = events.find(({ event }) => event === 'snapshot');
    assert.match(snapshot?.data ?? '', /"job":"one"/);
    const { lastId = '' } = snapshot ?? {};
    await job.root.start();
    await job.root.finish();
    const rest = await readUntil({ 'Last-Event-ID': lastId }, ({ data }) =>
      data.includes('"finished"'),
    );
    assert.ok(!rest.some(({ event }) => event === 'snapshot'));
    const sent = rest.filter(({ event }) => event === 'events');
    const seqs = sent.flatMap(({ data }) =>
      JSON.parse(data).map(({ seq }: { seq: number }) => seq),
    );
    assert.deepEqual(
      seqs,
      seqs.map((_, at) => Number(lastId) + 1 + at),
    );
  });

  test('passes a request to cancel on to the job', async () => {
    const job = await tasks.register(leaf('Long'), { job: 'long' });
    const aborted = new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    const body = JSON.stringify({ database: 'default', user: 'anna', job: 'long' });
    const answer = await ask('/api/cancel', { method: 'POST', headers: knowing, body });
    assert.deepEqual(JSON.parse(answer.text), { isRequested: true });
    await aborted;
    await job.root.cancel();
  });

  test('keeps little for a reader that does not read, however much there is', async () => {
    const response = await open('/api/events', { headers: knowing });
    response.pause();
    const before = memory();
    const parts = Array.from({ length: 1500 }, (_, at) => leaf(`Part ${at} ${'x'.repeat(200)}`));
    for (let at = 0; at < 25; at += 1) {
      const job = await tasks.register(group('Large', parts), { job: 'large' });
      await job.root.cancel();
      await tasks.remove('large');
    }
    // 25 times 0.8 MB went by.
    const grown = memory() - before;
    assert.ok(grown < 10 * 2 ** 20, `${(grown / 2 ** 20).toFixed(1)} MiB more`);
    response.destroy();
  });

  test('gives a reader that was slow all that it has missed', async () => {
    const job = await tasks.register(leaf('Grow', { volume: 1 }), { job: 'grow' });
    const response = await open('/api/events', { headers: knowing });
    const chunks = response[Symbol.asyncIterator]();
    const parser = new SseParser();
    const next = async () => [...parser.push(String((await chunks.next()).value))];
    let snapshot: StreamEvent | undefined;
    while (!snapshot) snapshot = (await next()).find(({ event }) => event === 'snapshot');
    for (let volume = 2; volume <= 300; volume += 1) await job.root.setVolume(volume);
    await job.root.cancel();
    const events: TaskEvent[] = [];
    while (!events.some(({ kind }) => kind === 'canceled')) {
      for (const { event, data } of await next()) {
        if (event === 'events') events.push(...JSON.parse(data));
      }
    }
    const from = Number(snapshot.lastId) + 1;
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, at) => from + at),
    );
    assert.equal(events.length, 300);
    response.destroy();
  });

  test('takes no token that could be guessed', async () => {
    for (const token of ['', 'short', `${TOKEN} `, `${TOKEN}#`]) {
      await assert.rejects(servePage(tasks, { token }), { code: 'ARGUMENT_INVALID' });
    }
  });

  test('says so when its port is taken', async () => {
    await assert.rejects(servePage(tasks, { port: page.port }), { code: 'PORT_IN_USE' });
  });

  test('ends its streams when it is closed, and the port is free again', async () => {
    const other = await servePage(tasks, { token: TOKEN });
    const response = await fetch(`http://127.0.0.1:${other.port}/api/events`, { headers: knowing });
    const reading = response.text().catch(() => 'broken');
    await other.close();
    assert.equal(typeof (await reading), 'string');
    const again = await servePage(tasks, { token: TOKEN, port: other.port });
    await again.close();
  });
});

/** What cannot be collected. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
