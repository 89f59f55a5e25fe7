import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { isInstalled, prefixed } from './launch-prefix.ts';

const skip = process.platform === 'win32' && 'the commands are those of Unix';

test('the first prefix is the outermost, and the innermost has the last word on a variable', () => {
  const nice = { command: 'nice', args: ['-n', '1'], env: { A: '1', B: '1' } };
  const env = { command: 'env', args: ['C=3'], env: { B: '2' } };
  assert.deepEqual(prefixed([nice, env], 'node', ['-v']), {
    command: 'nice',
    args: ['-n', '1', 'env', 'C=3', 'node', '-v'],
    env: { A: '1', B: '2' },
  });
  assert.deepEqual(prefixed([], 'node'), { command: 'node', args: [], env: {} });
});

test('a prefixed command is run with its arguments as they are', { skip }, () => {
  const { command, args } = prefixed(
    [{ command: 'sh', args: ['-c', 'exec "$@"', 'sh'] }],
    process.execPath,
    ['-p', 'process.argv[1]', 'a b"$c'],
  );
  assert.equal(execFileSync(command, args, { encoding: 'utf8' }), 'a b"$c\n');
});

test('knows which commands there are', { skip }, () => {
  assert.equal(isInstalled('sh'), true);
  assert.equal(isInstalled('no-such-command-anywhere'), false);
  // A directory of the PATH has a name too.
  assert.equal(isInstalled('../bin'), false);
});
