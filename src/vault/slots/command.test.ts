import assert from 'node:assert/strict';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { runUnlockCommand } from './command.ts';

const SECRET = 'canary-7f3a-moth-long';
const script = (text: string, ...args: string[]) => ['sh', '-c', text, 'sh', ...args];

describe('an unlock command', () => {
  test('answers what it prints, without one newline', async () => {
    for (const end of ['', '\\n', '\\r\\n']) {
      const printed = await runUnlockCommand(script(`printf '${SECRET}${end}'`));
      assert.equal(printed.toString(), SECRET);
    }
    const kept = await runUnlockCommand(['printf', `${SECRET}\\n\\n`]);
    assert.equal(kept.toString(), `${SECRET}\n`);
  });

  test('may print any bytes', async () => {
    const printed = await runUnlockCommand(['printf', '\\377\\000'.repeat(8)]);
    assert.equal(printed.toString('hex'), 'ff00'.repeat(8));
  });

  test('is given its arguments as they are, with no shell to read them', async () => {
    const printed = await runUnlockCommand(['printf', '%s', '$(id); * "\'" | cat > x']);
    assert.equal(printed.toString(), '$(id); * "\'" | cat > x');
  });

  test('has our environment unless told, its directory, and an empty input', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'holdfast-'));
    const env = { PATH: process.env.PATH, TOKEN: SECRET };
    const text = 'cat; printf %s "$TOKEN$HOME"; touch here';
    assert.equal((await runUnlockCommand(script(text), { env, cwd })).toString(), SECRET);
    assert.ok(existsSync(join(cwd, 'here')));
    const home = await runUnlockCommand(script('printf "%s%s" "$PATH" ----------------'));
    assert.equal(home.toString(), `${process.env.PATH}----------------`);
  });

  const failures: readonly [string, readonly string[], string, RegExp][] = [
    ['fails', script(`echo ${SECRET}; exit 3`), 'IO_ERROR', /"sh" ended with status 3$/],
    ['is killed', script(`echo ${SECRET}; kill -9 $$`), 'IO_ERROR', /ended with SIGKILL$/],
    ['is not there', ['/no/such/program', SECRET], 'IO_ERROR', /cannot start: .*ENOENT/],
    ['prints nothing', ['true'], 'FORMAT_INVALID', /printed fewer than 16 bytes$/],
    ['prints little', ['printf', 'fifteen-letters\\n'], 'FORMAT_INVALID', /fewer than 16 bytes$/],
    [
      'prints without end',
      script(`while :; do echo ${SECRET}; done`),
      'FORMAT_INVALID',
      /printed more than 65536 bytes$/,
    ],
  ];
  for (const [what, argv, code, message] of failures) {
    test(`that ${what} is told from others, and not what it printed`, async () => {
      await assert.rejects(runUnlockCommand(argv), (error: Error & { code: string }) => {
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.ok(!inspect(error, { depth: null, showHidden: true }).includes(SECRET));
        return true;
      });
    });
  }

  test('may print 64 KiB', async () => {
    const printed = await runUnlockCommand(script('head -c 65536 /dev/zero'));
    assert.equal(printed.length, 65_536);
  });

  test('cannot be empty', async () => {
    for (const argv of [[], ['']]) {
      await assert.rejects(runUnlockCommand(argv), { name: 'RangeError' });
    }
  });

  test('is ended when it takes too long, also when a child of its own has the pipe', async () => {
    for (const text of ['exec sleep 9', 'sleep 3 2>&- & wait', `sleep 3 2>&- & echo ${SECRET}`]) {
      await assert.rejects(runUnlockCommand(script(text), { timeoutMs: 100 }), {
        code: 'IO_ERROR',
        message: 'the unlock command "sh" has not ended within 100 ms',
      });
    }
  });

  test('is ended by force when it does not end', async () => {
    const started = Date.now();
    await assert.rejects(
      runUnlockCommand(script('trap "" TERM; while :; do sleep 0.1; done'), { timeoutMs: 50 }),
      { message: /within 50 ms$/ },
    );
    assert.ok(Date.now() - started < 30_000);
  });

  test('is ended by the signal, whose reason is told', async () => {
    const reason = new Error('on purpose');
    await assert.rejects(
      runUnlockCommand(['sleep', '9'], { signal: AbortSignal.abort(reason) }),
      reason,
    );
    const abort = new AbortController();
    const run = runUnlockCommand(['sleep', '9'], { signal: abort.signal });
    setImmediate(() => abort.abort(reason));
    await assert.rejects(run, reason);
  });
});
