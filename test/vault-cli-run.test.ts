import assert from 'node:assert/strict';
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, test } from 'node:test';
import { ended, isLinux, until } from './support/store-line.ts';
import { CommandLine } from './vault/command-line.ts';

const SECRET = 's3cr3t/value+1';
const KEY = 'a1'.repeat(32);
/** `f_type` of tmpfs (statfs(2)). */
const TMPFS = 0x01021994;

/** With a vault that has the secret `db` and the key `web`. */
async function made(t: test.TestContext): Promise<CommandLine> {
  const line = new CommandLine(t);
  await line.with(async (vault) => {
    await vault.secrets.set('db', Buffer.from(SECRET));
    await vault.secrets.set('json', Buffer.from('{"user":"app","password":"pässword"}'));
    await vault.create({ label: 'web', material: Buffer.from(KEY, 'hex') });
  });
  return line;
}

const run = (...args: readonly string[]) => ['run', ...args];

describe('run', { concurrency: 2, skip: !isLinux }, () => {
  test('gives secrets by variable, descriptor and file, and the status of the program', async (t) => {
    const line = await made(t);
    const script = `printf '%s|' "$DB" "$PW" "$KEY"; cat <&5; cat /dev/fd/5; printf '|%s|' "$DB_FILE"
      stat -c %a "$DB_FILE" "$(dirname "$DB_FILE")" | tr '\\n' '|'; cat "$DB_FILE"; exit 7`;
    const { code, stdout, stderr } = await line.run(
      run(
        ...['--no-masking', '--env', 'DB=vault://db', '--env', 'PW=vault://json#password'],
        ...['--env', 'KEY=web', '--fd', '5=vault://db', '--file', 'DB_FILE=vault://db'],
        ...['--', 'sh', '-c', script],
      ),
    );
    assert.deepEqual([code, stderr], [7, '']);
    const [db, password, key, fd, path = '', mode, parentMode, content] = stdout.split('|');
    assert.deepEqual([db, password, key], [SECRET, 'pässword', KEY]);
    // Read to its end once, and opened anew.
    assert.deepEqual([fd, content], [`${SECRET}${SECRET}`, SECRET]);
    assert.deepEqual([mode, parentMode], ['600', '700']);
    assert.ok(!existsSync(dirname(path)), path);
    assert.equal(statfsSync(dirname(dirname(path))).type, TMPFS);
  });

  test('shows no secret in any form, wherever the output of the program is cut', async (t) => {
    const line = await made(t);
    const program = `
      const { writeSync } = require('node:fs');
      const secret = Buffer.from(process.env.DB);
      const forms = [secret, secret.toString('hex'), secret.toString('base64'),
        secret.toString('base64url'), encodeURIComponent(secret.toString()), process.env.KEY,
        Buffer.from(process.env.KEY, 'hex').toString('base64'),
        Buffer.from(process.env.KEY).toString('base64')];
      const text = Buffer.from(forms.map((form) => \`<\${form}>\`).join(''));
      for (const byte of text) writeSync(1, Buffer.of(byte));
      writeSync(2, text.subarray(0, 20)); writeSync(2, text.subarray(20));`;
    const args = run('--env', 'DB=vault://db', '--env', 'KEY=web', '--', process.execPath, '-e');
    const { stdout, stderr } = await line.run([...args, program]);
    assert.deepEqual([stdout, stderr], ['<***>'.repeat(8), '<***>'.repeat(8)]);
  });

  test('shows what the program asks before it is answered', async (t) => {
    const line = await made(t);
    const script = 'printf "name? "; read -r name; echo "$name"';
    const child = line.start(run('--env', 'DB=vault://db', '--', 'sh', '-c', script));
    const { stdin, stdout } = child;
    assert.ok(stdin && stdout);
    let shown = '';
    for await (const text of stdout) {
      shown += text;
      if (shown === 'name? ') stdin.end('me\n');
    }
    assert.equal(shown, 'name? me\n');
  });

  for (const [signal, script, status] of [
    ['SIGTERM', 'trap "exit 5" TERM; echo "$DB_FILE"; while :; do read -r _; done', 5],
    ['SIGTERM', 'echo "$DB_FILE"; exec cat', 143],
    ['SIGINT', 'echo "$DB_FILE"; exec cat', 130],
    ['SIGHUP', 'echo "$DB_FILE"; exec cat', 129],
    ['SIGKILL', 'echo "$DB_FILE"; exec cat', 'SIGKILL'],
  ] as const) {
    test(`leaves no file after ${signal}, and ends with ${status}`, async (t) => {
      const line = await made(t);
      const child = line.start(run('--file', 'DB_FILE=vault://db', '--', 'sh', '-c', script));
      const { stdout } = child;
      assert.ok(stdout);
      const [path] = await new Promise<string[]>((resolve) => {
        stdout.once('data', (text) => resolve(String(text).split('\n')));
      });
      assert.ok(path && existsSync(path), path);
      child.kill(signal);
      assert.equal(await ended(child), status);
      // Of a process that was killed another one does it.
      if (signal === 'SIGKILL') await until(() => !existsSync(dirname(path)));
      assert.ok(!existsSync(dirname(path)));
    });
  }

  test('ends when nobody reads what the program writes', async (t) => {
    const line = await made(t);
    const child = line.start(run('--env', 'DB=vault://db', '--', 'yes'));
    const { stdout } = child;
    assert.ok(stdout);
    stdout.once('data', () => stdout.destroy());
    // By SIGPIPE, or with the status that it has for an output that is gone.
    assert.ok([1, 141].includes(Number(await ended(child))));
  });

  test('starts nothing where a secret is missing, or nowhere to be put', async (t) => {
    const line = await made(t);
    const script = ['--', 'sh', '-c', 'echo started'];
    for (const [options, code, complaint] of [
      [['--env', 'A=vault://none'], 1, /no secret 'none' \(NOT_FOUND\)/],
      [['--env', 'A=vault://json#none'], 1, /FORMAT_INVALID/],
      [[], 2, /no secret is named/],
      [['--env', 'A=web', '--file', 'A=web'], 2, /'A' is given two secrets/],
      [['--env', '1A=web'], 2, /is not NAME=REF/],
      [['--fd', '1=web'], 2, /N from 3 to 9/],
    ] as const) {
      const result = await line.run(run(...options, ...script));
      assert.deepEqual([result.code, result.stdout], [code, ''], options.join(' '));
      assert.match(result.stderr, complaint);
    }
    const absent = await line.run(run('--env', 'A=web', '--', 'no-such-program'));
    assert.equal(absent.code, 127);
  });
});
