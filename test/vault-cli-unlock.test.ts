import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Vault } from '../src/vault.ts';
import { bin, catches, ended, isLinux } from './support/store-line.ts';
import { CHEAP } from './vault/carried-files.ts';
import { CommandLine } from './vault/command-line.ts';

interface Slot {
  readonly id: string;
  readonly kind: string;
}

const NO_KEY_FILE = { HOLDFAST_VAULT_KEY_FILE: '' };

/** With a vault that opens by the password `canary-1` in the file `word`, and by nothing else. */
async function withPassword(t: test.TestContext): Promise<CommandLine> {
  const line = new CommandLine(t);
  line.file('word', 'canary-1\n');
  line.file('other', 'canary-2');
  const unlock = { password: Buffer.from('canary-1'), argon2: CHEAP };
  await (await Vault.open({ dir: line.path('data'), unlock })).close();
  return line;
}

describe('ways into a vault on the command line', { concurrency: 2 }, () => {
  test('are a password from a file, a descriptor or the file that a variable names', async (t) => {
    const line = await withPassword(t);
    const word = line.path('word');
    await line.ok('create --password-file word');
    const named = { ...NO_KEY_FILE, HOLDFAST_VAULT_PASSWORD_FILE: word };
    assert.equal((await line.json<object[]>('list', { env: named })).length, 1);
    const child = line.start(['list', '--password-fd', '3'], {
      stdio: ['ignore', 'ignore', 'inherit', openSync(word, 'r')],
    });
    assert.equal(await ended(child), 0);
    const wrong = await line.fails('list --password-file other');
    assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
    assert.match(wrong.stderr, /\(UNLOCK_FAILED\)/);
    const kinds = await line.json<{ event: { kind: string } }[]>('audit --password-file word');
    assert.equal(kinds.at(-1)?.event.kind, 'AuthenticationAttempt');
    const none = await line.fails('list', { env: NO_KEY_FILE });
    assert.match(none.stderr, /no terminal|--password-file/);
  });

  test('are no password in an argument, which is not repeated', async (t) => {
    const line = new CommandLine(t);
    const refused = await Promise.all([
      line.fails('--password canary-1 list'),
      line.fails('init --password=canary-1'),
      line.fails('slots add --new-password canary-1'),
      line.fails('import file --file-password canary-1'),
    ]);
    for (const { code, stderr } of refused) {
      assert.equal(code, 2);
      assert.match(stderr, /never taken from an argument.*-file/);
      assert.ok(!stderr.includes('canary-1'), stderr);
    }
    assert.match((await line.fails('list --key-file a --password-file b')).stderr, /one way/);
  });

  test('do not show a password to whoever lists processes', { skip: !isLinux }, async (t) => {
    const line = await withPassword(t);
    await line.ok('secret set db --password-file word', { input: 'canary-3' });
    const look =
      'tr "\\0" " " < /proc/$PPID/cmdline; tr "\\0" " " < /proc/$PPID/environ; env; ps -ef';
    const { stdout } = await line.run([
      ...['run', '--no-masking', '--password-file', 'word', '--file', 'DB=vault://db'],
      ...['--', 'sh', '-c', look],
    ]);
    assert.match(stdout, /--password-file word/);
    assert.ok(!stdout.includes('canary'), stdout);
  });

  test('may be added and removed, but for the last one', async (t) => {
    const line = new CommandLine(t);
    await line.with(async () => undefined);
    const [first] = await line.json<Slot[]>('slots');
    assert.match((await line.fails(`slots remove ${first?.id}`)).stderr, /last way.*CONFLICT/);
    const code = (await line.ok('slots add --new-recovery-code')).trim();
    line.file('code', `${code}\n`);
    const env = NO_KEY_FILE;
    assert.deepEqual(await line.json('list --recovery-code --password-file code', { env }), []);
    const recipient = await line.json<Slot>('slots add --new-private-key-file private');
    assert.equal(recipient.kind, 'recipient');
    await line.ok('list --private-key-file private', { env });
    const command = await line.run([...['slots', 'add', '--new-unlock-command', 'cat key']]);
    assert.equal(command.code, 0, command.stderr);
    const opened = await line.run(['list', '--unlock-command', 'cat key'], { env });
    assert.equal(opened.code, 0, opened.stderr);
    await line.ok('init --key-file other-key --dir other');
    const pair = await line.json<{ id: string }>(
      'create --algorithm X25519 --dir other --key-file other-key',
    );
    const { public_key } = await line.json(`show ${pair.id} --dir other --key-file other-key`);
    await line.ok(`slots add --recipient ${public_key}`);
    const gone = await line.json(`slots remove ${first?.id.slice(0, 6)}`);
    assert.deepEqual(gone, { ...first, removed: true });
    assert.match((await line.fails('list')).stderr, /UNLOCK_FAILED/);
    assert.equal(
      (await line.json<Slot[]>('slots list --private-key-file private', { env })).length,
      4,
    );
    const both = await line.fails('slots add --new-recovery-code --recipient 00');
    assert.match(both.stderr, /for one way/);
  });

  test('by a password change with it', async (t) => {
    const line = await withPassword(t);
    await line.ok('create --password-file word');
    await line.json('password change --password-file word --new-password-file other');
    assert.match((await line.fails('list --password-file word')).stderr, /UNLOCK_FAILED/);
    assert.equal((await line.json<object[]>('list --password-file other')).length, 1);
  });

  test('are waited for no more after SIGINT', { skip: !isLinux }, async (t) => {
    const line = new CommandLine(t);
    await line.with(async () => undefined);
    const child = line.start(['list', '--password-fd', '3'], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    await catches('SIGINT', child);
    child.kill('SIGINT');
    assert.ok([130, 'SIGINT'].includes(await ended(child)));
  });
});

const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes(
  'util-linux',
);

describe('a password that is typed', { skip: hasScript ? false : 'script(1) is not here' }, () => {
  /** All that a terminal shows of `command` when `answers` are typed, each after the next prompt. */
  async function typed(line: CommandLine, command: string, answers: readonly string[]) {
    const { HOLDFAST_VAULT_KEY_FILE: _, ...env } = process.env;
    const script = spawn('script', ['-qec', `${command}; echo "<status $?>"`, '/dev/null'], {
      env: { ...env, SHELL: '/bin/sh', HOLDFAST_DIR: line.path('data') },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    let at = 0;
    const rest = [...answers];
    for await (const bytes of script.stdout) {
      shown += bytes;
      const prompt = /(?:password|Password[^:]*|The same again): /g;
      prompt.lastIndex = at;
      const found = prompt.exec(shown);
      if (!found) continue;
      at = prompt.lastIndex;
      script.stdin.write(rest.shift() ?? '\x04');
    }
    return shown;
  }

  test('is asked for twice when it is new, once to open, and never shown', async (t) => {
    const line = new CommandLine(t);
    const vault = `"${process.execPath}" "${bin}" vault`;
    const made = await typed(line, `${vault} init`, ['hunter2\r', 'hunter2\r']);
    assert.match(made, /New password: .*The same again: .*by a password.*<status 0>/s);
    const listed = await typed(line, `${vault} list`, ['hunter2\r']);
    assert.match(listed, /Password of the vault: .*ID\tVERSION.*<status 0>/s);
    const wrong = await typed(line, `${vault} list`, ['hunter3\r']);
    assert.match(wrong, /UNLOCK_FAILED.*<status 1>/s);
    const stopped = await typed(line, `${vault} list`, ['hunt\x03']);
    assert.match(stopped, /<status 130>/);
    assert.ok(![made, listed, wrong, stopped].join('').includes('hunt'));
    const none = await typed(line, `HOLDFAST_DIR=/nowhere ${vault} list`, []);
    assert.match(none, /^Error: there is no vault in \/nowhere/);
  });
});
