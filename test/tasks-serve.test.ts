import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { leaf } from '../src/tasks.ts';
import { ended } from './support/store-line.ts';
import { CommandLine } from './tasks/command-line.ts';

const LINK = /^(http:\/\/127\.0\.0\.1:\d+\/)#([\w-]{43})\n$/;

describe('holdfast tasks serve', () => {
  test('prints a link, serves it, and ends at Ctrl-C', async (t) => {
    const line = new CommandLine(t);
    const tasks = await line.open({ user: 'kim' });
    const job = await tasks.register(leaf('load', { volume: 3 }), { job: 'load' });
    const serving = line.lines(['serve', '--port', '0']);
    await serving.until(LINK);
    const [, origin = '', token = ''] = LINK.exec(serving.text) ?? [];
    const page = await fetch(origin);
    assert.match(await page.text(), /<!doctype html>/i);
    const headers = { Authorization: `Bearer ${token}` };
    const stream = await fetch(`${origin}api/events`, { headers });
    const { value } =
      (await stream.body?.pipeThrough(new TextDecoderStream()).getReader().read()) ?? {};
    assert.match(value ?? '', /^retry: 1000\n/);
    const asked = {
      method: 'POST',
      headers,
      body: '{"database":"default","user":"kim","job":"load"}',
    };
    const aborted = new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    assert.deepEqual(await (await fetch(`${origin}api/cancel`, asked)).json(), {
      isRequested: true,
    });
    await aborted;
    const over = ended(serving.child);
    serving.child.kill('SIGINT');
    assert.equal(await over, 0);
    await assert.rejects(fetch(origin));
  });

  test('takes the port and the token that it is given, and says when the port is taken', async (t) => {
    const line = new CommandLine(t);
    const env = { HOLDFAST_TASKS_TOKEN: 'a-token-of-my-own-0123' };
    const holder = createServer().listen(0, '127.0.0.1');
    t.after(() => holder.close());
    await new Promise((resolve) => holder.once('listening', resolve));
    const address = holder.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const taken = await line.fails(`serve --port ${port}`);
    assert.equal(taken.code, 1);
    assert.match(
      taken.stderr,
      new RegExp(`127\\.0\\.0\\.1:${port}: another process listens there`),
    );
    holder.close();
    const serving = line.lines(['serve', '--json', '--port', String(port)], env);
    await serving.until(/\n/);
    const said = JSON.parse(serving.text);
    assert.deepEqual(said, {
      ...{ url: `http://127.0.0.1:${port}/#${env.HOLDFAST_TASKS_TOKEN}`, port },
      pid: serving.child.pid,
    });
    serving.child.kill('SIGINT');
    const refused = await line.fails('serve', { env: { HOLDFAST_TASKS_TOKEN: 'short' } });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /22 to 256 letters/);
  });
});
