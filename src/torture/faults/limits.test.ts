import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { isInstalled, type LaunchPrefix, prefixed } from './launch-prefix.ts';
import { DESCRIPTORS_MIN, type Limits, limitLaunch, ulimit } from './limits.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdfast-limits-'));
after(() => rmSync(dir, { recursive: true }));

const { NODE_EXTRA_CA_CERTS, NODE_TEST_CONTEXT, ...env } = process.env;

/** What a Node under a prefix prints, and how it ends. */
function node(prefix: LaunchPrefix, program: string, ...rest: string[]) {
  const { command, args } = prefixed([prefix], process.execPath, ['-e', program, ...rest]);
  const { status, signal, stdout } = spawnSync(command, args, { env, encoding: 'utf8' });
  return { status, signal, lines: stdout.trim().split('\n') };
}

const ways: readonly [
  name: string,
  launch: (limits: Limits) => LaunchPrefix,
  skip: string | false,
][] = [
  ['prlimit', launched, isInstalled('prlimit') ? false : 'there is no prlimit'],
  ['a shell', ulimit, process.platform === 'win32' ? 'there is no shell' : false],
];

function launched(limits: Limits): LaunchPrefix {
  const launch = limitLaunch(limits);
  assert.ok('command' in launch, JSON.stringify(launch));
  return launch;
}

for (const [name, launch, skip] of ways) {
  describe(`limits by ${name}`, { skip }, () => {
    test('a process that opens too many files is told EMFILE, and can go on when it closes some', () => {
      const program = `
        const { openSync, closeSync } = require('node:fs');
        const open = [];
        try { for (;;) open.push(openSync('/dev/null')) } catch (error) { console.log(error.code) }
        closeSync(open.pop());
        console.log(openSync('/dev/null') < 40);`;
      const { status, lines } = node(launch({ descriptors: 40 }), program);
      assert.deepEqual({ status, lines }, { status: 0, lines: ['EMFILE', 'true'] });
    });

    test('a write across the limit is cut, the next is EFBIG, and Node lives', () => {
      const file = join(dir, `${name}.dat`);
      const program = `
        const { openSync, writeSync } = require('node:fs');
        const file = openSync(process.argv[1], 'w');
        for (let count = 0; count < 4; count += 1) {
          try { console.log(writeSync(file, Buffer.alloc(1000, 1))) } catch (error) { console.log(error.code) }
        }`;
      const { status, lines } = node(launch({ fileBytes: 2048 }), program, file);
      assert.deepEqual({ status, lines }, { status: 0, lines: ['1000', '1000', '48', 'EFBIG'] });
      assert.equal(statSync(file).size, 2048);
    });

    test('fs/promises.writeFile over the limit rejects and leaves a part', () => {
      const file = join(dir, `${name}.json`);
      const program = `
        require('node:fs/promises').writeFile(process.argv[1], 'x'.repeat(5000))
          .catch((error) => console.log(error.code));`;
      assert.deepEqual(node(launch({ fileBytes: 2048 }), program, file).lines, ['EFBIG']);
      assert.equal(readFileSync(file, 'utf8'), 'x'.repeat(2048));
    });

    test('both limits at once reach what the process starts', () => {
      const program = `
        const { execFileSync } = require('node:child_process');
        console.log(String(execFileSync('sh', ['-c', 'ulimit -n; ulimit -f'])).trim());`;
      const { lines } = node(launch({ descriptors: 64, fileBytes: 512 * 8 }), program);
      assert.deepEqual(lines, ['64', '8']);
    });
  });
}

const skip = process.platform === 'win32' && 'Windows has no limits for a process';

test('Node dies of SIGXFSZ once it has listened to it, which nobody does', { skip }, () => {
  const program = `
    const listener = () => undefined;
    process.on('SIGXFSZ', listener).off('SIGXFSZ', listener);
    require('node:fs').writeFileSync(process.argv[1], Buffer.alloc(5000));`;
  const file = join(dir, 'dies.dat');
  assert.equal(node(launched({ fileBytes: 2048 }), program, file).signal, 'SIGXFSZ');
});

test('a worker starts with the fewest descriptors that may be asked for', { skip }, () => {
  const program = `require('node:fs/promises').readFile('/dev/null').then(() => console.log('here'))`;
  assert.deepEqual(node(launched({ descriptors: DESCRIPTORS_MIN }), program).lines, ['here']);
});

test('a limit that nothing can live with is refused', () => {
  for (const limits of [
    { descriptors: 31 },
    { descriptors: 64.5 },
    { fileBytes: 0 },
    { fileBytes: Number.NaN },
  ]) {
    assert.throws(() => limitLaunch(limits), { name: 'RangeError', code: 'ARGUMENT_INVALID' });
  }
});
