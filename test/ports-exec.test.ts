import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { describe, type TestContext, test } from 'node:test';
import { HoldfastError } from '../src/errors.ts';
import type { Reserved } from '../src/ports/calls.ts';
import { hold, listenOn } from '../src/ports/hold.ts';
import { freePort } from './free-port.ts';

function reserved(port: number, outcome: Reserved['outcome']): Reserved {
  return {
    path: '/x',
    tag: undefined,
    port,
    project: undefined,
    task: undefined,
    createdAt: 0,
    lastUsedAt: 0,
    outcome,
  };
}

async function occupy(t: TestContext): Promise<number> {
  const port = await freePort();
  const server = createServer().listen({ port, host: '127.0.0.1' });
  t.after(() => server.close());
  await once(server, 'listening');
  return port;
}

describe('a held port', () => {
  test('is listened on when the promise resolves, until it is released', async () => {
    const port = await freePort();
    await using held = await hold(async () => reserved(port, 'created'));
    assert.equal(held.port, port);
    await assert.rejects(listenOn(port), { code: 'PORT_IN_USE' });
    held.release();
    held.release();
    (await listenOn(port)).close();
  });

  test('can be served by an HTTP server without a gap', async () => {
    const port = await freePort();
    await using held = await hold(async () => reserved(port, 'created'));
    const server = createHttpServer((_, response) => response.end('served'));
    server.listen(held.server);
    await once(server, 'listening');
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'served');
    server.close();
    server.closeAllConnections();
  });

  test('a new reservation whose port was taken meanwhile moves', async (t) => {
    const [taken, free] = [await occupy(t), await freePort()];
    const calls: boolean[] = [];
    await using held = await hold(async ({ overwrite }) => {
      calls.push(overwrite ?? false);
      return overwrite ? reserved(free, 'moved') : reserved(taken, 'created');
    });
    assert.equal(held.port, free);
    assert.deepEqual(calls, [false, true]);
  });

  test('a reservation that was there before stays, and the call fails', async (t) => {
    const taken = await occupy(t);
    const held = hold(async () => reserved(taken, 'kept'));
    await assert.rejects(held, { code: 'PORT_IN_USE', message: new RegExp(`port ${taken} `) });
  });

  test('gives up when every port it gets is taken', async (t) => {
    const taken = await occupy(t);
    let calls = 0;
    const held = hold(async () => {
      calls += 1;
      return reserved(taken, calls === 1 ? 'created' : 'moved');
    });
    await assert.rejects(held, { code: 'PORT_IN_USE' });
    assert.equal(calls, 3);
  });

  test('an address that this machine does not have is an error of its own', async () => {
    // TEST-NET-1 of RFC 5737.
    await assert.rejects(listenOn(await freePort(), '192.0.2.1'), (error) => {
      return error instanceof HoldfastError && error.code === 'IO_ERROR';
    });
  });
});

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly status: Promise<number | null>;
}

/** Runs `runWithPort` in a process of its own, which exits with the status that it answers. */
function run(t: TestContext, options: Readonly<Record<string, unknown>>): Run {
  const env: NodeJS.ProcessEnv = { ...process.env, LISTEN_FDNAMES: 'inherited' };
  delete env.NODE_TEST_CONTEXT;
  delete env.NODE_EXTRA_CA_CERTS;
  const runner = new URL('./exec-runner.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [runner, JSON.stringify(options)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      printed += text;
    });
  }
  const status = once(child, 'close').then(([code]) => code);
  return { child, output: () => printed, status };
}

async function printed({ child, output }: Run, text: string): Promise<void> {
  while (!output().includes(text)) {
    if (child.exitCode !== null) assert.fail(`ended without "${text}": ${output()}`);
    await once(child.stdout ?? child, 'data');
  }
}

function script(text: string) {
  return { command: process.execPath, args: ['-e', text] };
}

describe('a program that is run with a port', () => {
  test('has the port as PORT, its arguments as they are, and its own exit status', async (t) => {
    const show = 'console.log(process.env.PORT, process.argv.slice(1)); process.exitCode = 9';
    const args = ['-e', show, 'a b', '$HOME', '"', ''];
    const ran = run(t, { command: process.execPath, args, port: 5123 });
    assert.equal(await ran.status, 9);
    assert.equal(ran.output(), `5123 [ 'a b', '$HOME', '"', '' ]\n`);
  });

  test('ends by a signal with 128 and its number', async (t) => {
    const ran = run(t, { ...script('process.kill(process.pid, "SIGKILL")'), port: 5123 });
    assert.equal(await ran.status, 137);
  });

  test('that does not exist ends with 127, as in a shell', async (t) => {
    const ran = run(t, { command: 'no-such-program-here', args: [], port: 5123 });
    assert.equal(await ran.status, 127);
    assert.match(ran.output(), /no-such-program-here/);
    const directory = run(t, { command: tmpdir(), args: [], port: 5123 });
    assert.equal(await directory.status, 126);
  });

  test('in a directory that does not exist is an error', async (t) => {
    const ran = run(t, { ...script(''), port: 5123, cwd: '/nowhere/at/all' });
    assert.equal(await ran.status, 99);
    assert.match(ran.output(), /IO_ERROR.*\/nowhere\/at\/all/);
  });

  test('gets the signals that we get', async (t) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const wait = `process.on(${JSON.stringify(signal)}, () => process.exit(42));
        setInterval(() => {}, 1000); console.log('ready')`;
      const ran = run(t, { ...script(wait), port: 5123 });
      await printed(ran, 'ready');
      ran.child.kill(signal);
      assert.equal(await ran.status, 42, signal);
    }
  });

  test('is ended by an abort', async (t) => {
    const wait = "setInterval(() => {}, 1000); console.log('ready')";
    const ran = run(t, { ...script(wait), port: 5123, abortOn: 'SIGUSR2' });
    await printed(ran, 'ready');
    ran.child.kill('SIGUSR2');
    assert.equal(await ran.status, 99);
    assert.match(ran.output(), /AbortError/);
  });

  test('inherits a held socket as descriptor 3, and only there', async (t) => {
    const port = await freePort();
    const show = `
      const fs = require('node:fs');
      const open = fs.readdirSync('/dev/fd').map(Number).filter((fd) => {
        try { return fd > 2 && fs.fstatSync(fd).isSocket(); } catch { return false; }
      });
      const { LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID, PORT } = process.env;
      console.log(JSON.stringify([open, LISTEN_FDS, LISTEN_FDNAMES, Number(LISTEN_PID) === process.pid, PORT]));`;
    const ran = run(t, { ...script(show), port, hold: true });
    assert.equal(await ran.status, 0);
    assert.equal(ran.output(), `${JSON.stringify([[3], '1', null, true, String(port)])}\n`);
  });

  test('serves what connected before it accepts', async (t) => {
    const port = await freePort();
    // It accepts when it is told to, which is after the request was made.
    const serve = `
      const server = require('node:http').createServer((_, response) => {
        response.end('child ' + process.pid);
        server.close();
      });
      const wait = setInterval(() => {}, 1000);
      process.once('SIGUSR2', () => server.listen({ fd: 3 }, () => clearInterval(wait)));
      console.log('ready ' + process.pid);`;
    const ran = run(t, { ...script(serve), port, hold: true });
    await printed(ran, 'ready');
    const pid = Number(/ready (\d+)/.exec(ran.output())?.[1]);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.0\r\n\r\n');
    process.kill(pid, 'SIGUSR2');
    let answer = '';
    for await (const text of socket.setEncoding('utf8')) answer += text;
    assert.match(answer, new RegExp(`child ${pid}$`));
    assert.equal(await ran.status, 0);
  });

  test('keeps the port from others as long as it lives, and no longer', async (t) => {
    const port = await freePort();
    const wait = "setInterval(() => {}, 1000); console.log('ready')";
    const ran = run(t, { ...script(wait), port, hold: true });
    await printed(ran, 'ready');
    await assert.rejects(listenOn(port), { code: 'PORT_IN_USE' });
    ran.child.kill('SIGTERM');
    assert.equal(await ran.status, 143);
    (await listenOn(port)).close();
  });
});
