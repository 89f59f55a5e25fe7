import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { readPassword } from './read-password.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-'));
let count = 0;

function fileWith(content: string | Uint8Array, mode = 0o600): string {
  count += 1;
  const path = join(directory, String(count));
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const fixture = join(import.meta.dirname, 'read-password.fixture.ts');
const { NODE_TEST_CONTEXT: _, ...env } = process.env;

describe('a password', () => {
  test('is read from a file, but for one newline at its end', async () => {
    for (const end of ['', '\n', '\r\n']) {
      const password = await readPassword({ file: fileWith(` é ${end}`), env: {} });
      assert.equal(password.toString(), ' é ');
      assert.equal(password.buffer.byteLength, 4);
    }
    const bytes = Buffer.from([0, 0xff, 0x0a, 0x0a]);
    const password = await readPassword({ file: fileWith(bytes), env: {} });
    assert.deepEqual(password, bytes.subarray(0, 3));
  });

  test('is read from a descriptor, whatever the mode of its file', async () => {
    const fd = openSync(fileWith('secret\n', 0o644), 'r');
    assert.equal((await readPassword({ fd, env: {} })).toString(), 'secret');
    closeSync(fd);
  });

  test('is read from the file that the environment names, when no other is named', async () => {
    const named = { HOLDFAST_VAULT_PASSWORD_FILE: fileWith('named\n') };
    assert.equal((await readPassword({ env: named })).toString(), 'named');
    const file = fileWith('given\n');
    assert.equal((await readPassword({ file, env: named })).toString(), 'given');
  });

  test('is refused in a file that others may read, however it is named', async () => {
    const file = fileWith('canary', 0o640);
    const refused = { code: 'CONFIG_INVALID', message: /^cannot use the password file .* 640/ };
    await assert.rejects(readPassword({ file, env: {} }), refused);
    await assert.rejects(readPassword({ env: { HOLDFAST_VAULT_PASSWORD_FILE: file } }), refused);
  });

  test('is refused beyond 1 MiB', async () => {
    const long = 'x'.repeat(1024 * 1024);
    const password = await readPassword({ file: fileWith(`${long}\r\n`), env: {} });
    assert.equal(password.length, long.length);
    const longer = readPassword({ file: fileWith(`${long}x\r\n`), env: {} });
    await assert.rejects(longer, { code: 'FORMAT_INVALID' });
  });

  test('that is new is not empty', async () => {
    const file = fileWith('\n');
    assert.equal((await readPassword({ file, env: {} })).length, 0);
    await assert.rejects(readPassword({ file, env: {}, isNew: true }), {
      name: 'RangeError',
      message: 'a password cannot be empty',
    });
  });

  test('comes from one place', async () => {
    await assert.rejects(readPassword({ fd: 3, file: 'x', env: {} }), { name: 'RangeError' });
  });

  test('is not waited for once the signal was given', async () => {
    const reason = new Error('on purpose');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(readPassword({ file: 'x', env: {}, signal }), reason);
  });

  test('cannot be asked for without a terminal', () => {
    // A new session has none.
    const { stdout } = spawnSync('setsid', ['-w', process.execPath, fixture], {
      env,
      encoding: 'utf8',
    });
    assert.equal(stdout, '<HoldfastError: there is no terminal to ask for a password on>');
  });
});

/** The program in a terminal of its own, between two lines that say how the terminal is set. */
class Session {
  readonly #script: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<void>;
  #shown = '';
  #grown = Promise.withResolvers<void>();

  constructor(instructions: object = {}, { setup = ':', input = '/dev/tty' } = {}) {
    const shell = `${setup}; stty -g; "$NODE" "$FIXTURE" "$TOLD" < ${input}; echo "<status $?>"; stty -g`;
    this.#script = spawn('script', ['-qec', shell, '/dev/null'], {
      env: {
        ...env,
        SHELL: '/bin/sh',
        NODE: process.execPath,
        FIXTURE: fixture,
        TOLD: JSON.stringify(instructions),
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#script.stdout.on('data', (bytes: Buffer) => {
      this.#shown += bytes;
      this.#grown.resolve();
      this.#grown = Promise.withResolvers();
    });
    this.#ended = new Promise((resolve) => this.#script.once('close', () => resolve()));
  }

  type(keys: string): void {
    this.#script.stdin.write(keys);
  }

  /** Waits for something to be shown, and answers the first group. */
  async shows(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.#shown);
      if (found) return found[1] ?? '';
      await this.#grown.promise;
    }
  }

  /** All that was shown but for the prompts, once the terminal is as it was. */
  async end(): Promise<string> {
    await this.#ended;
    const [before, ...lines] = this.#shown.split(/\r?\n/).filter((line) => line !== '');
    assert.equal(lines.pop(), before);
    return lines
      .join('')
      .replace(/^Password of \d+: /, '')
      .trim();
  }
}

const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes(
  'util-linux',
);

describe('a password that is typed', { skip: hasScript ? false : 'script(1) is not here' }, () => {
  const hunter = `<password ${Buffer.from('hunter2').toString('hex')}>`;

  const whole: readonly [string, object, string, string][] = [
    ['is not shown, and may be corrected', {}, 'huntre\x7f\x7fer2é\x7f\r', `${hunter}<status 0>`],
    ['that is new is typed twice', { isNew: true }, 'hunter2\rhunter2\r', `${hunter}<status 0>`],
    [
      'that is new is refused when it is typed in two ways',
      { isNew: true },
      'hunter2\rhunter3\r',
      '<RangeError: the two passwords differ><status 0>',
    ],
    [
      'that is new is refused when it is empty, and not asked for again',
      { isNew: true },
      '\r',
      '<RangeError: a password cannot be empty><status 0>',
    ],
    ['is broken off by Ctrl-C, as elsewhere', {}, 'hunt\x03', '<status 130>'],
    [
      'is broken off by Ctrl-C where the program lives on',
      { survives: true },
      'hunt\x03er2\r',
      '<AbortError: the password was not entered><SIGINT,2><status 0>',
    ],
    ['is none after Ctrl-D', {}, '\x04', '<AbortError: the password was not entered><status 0>'],
  ];
  for (const [what, instructions, keys, expected] of whole) {
    test(what, async () => {
      const session = new Session(instructions);
      await session.shows(/Password of \d+: /);
      session.type(keys);
      const shown = (await session.end()).replace('The same again: ', '');
      assert.equal(shown, expected);
    });
  }

  test('is asked for on the terminal, wherever the input of the program comes from', async () => {
    const session = new Session({}, { input: '/dev/null' });
    await session.shows(/Password of \d+: /);
    session.type('hunter2\r');
    assert.equal(await session.end(), `${hunter}<status 0>`);
  });

  test('may be typed on a terminal that is in raw mode already, and stays so', async () => {
    const session = new Session({}, { setup: 'stty raw -echo' });
    await session.shows(/Password of \d+: /);
    session.type('hunter2\r');
    assert.equal(await session.end(), `${hunter}<status 0>`);
  });

  const signals: readonly [NodeJS.Signals, object, string][] = [
    ['SIGTERM', {}, '<status 143>'],
    ['SIGHUP', {}, '<status 129>'],
    ['SIGUSR2', { onUser: 'exit' }, '<status 7>'],
    ['SIGUSR2', { onUser: 'abort' }, '<Error: aborted><status 0>'],
  ];
  for (const [name, instructions, expected] of signals) {
    test(`leaves the terminal as it was after ${name} ${JSON.stringify(instructions)}`, async () => {
      const session = new Session(instructions);
      const pid = Number(await session.shows(/Password of (\d+): /));
      process.kill(pid, name);
      // The shell of this terminal tells some signals by their names.
      assert.equal((await session.end()).replace(/^(Hangup|Terminated)/, ''), expected);
    });
  }
});
