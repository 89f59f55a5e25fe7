import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readDescriptor, readPrivateFile } from './private-file.ts';

const options = { what: 'the password file', maxBytes: 10_000 };
const directory = mkdtempSync(join(tmpdir(), 'holdfast-'));
let count = 0;

function fileWith(content: string | Uint8Array, mode = 0o600): string {
  count += 1;
  const path = join(directory, String(count));
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('a private file', () => {
  test('is read to its end, as it is', async () => {
    for (const content of ['', 'a', 'secret\n', 'x'.repeat(4096), 'y'.repeat(10_000)]) {
      assert.equal((await readPrivateFile(fileWith(content), options)).toString(), content);
    }
    assert.deepEqual(
      await readPrivateFile(fileWith(Buffer.from([0, 255, 10])), options),
      Buffer.from([0, 255, 10]),
    );
  });

  test('may be readable only to its owner, and is read through a link', async () => {
    const path = fileWith('secret', 0o400);
    symlinkSync(path, `${path}-link`);
    assert.equal((await readPrivateFile(`${path}-link`, options)).toString(), 'secret');
  });

  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o610]) {
    test(`is refused with mode ${mode.toString(8)}, by name and without its content`, async () => {
      const path = fileWith('secret', mode);
      await assert.rejects(readPrivateFile(path, options), {
        code: 'CONFIG_INVALID',
        message: `cannot use the password file ${path}: others than its owner may read or change it (mode ${mode.toString(8)}); chmod it to 600`,
      });
    });
  }

  test('is refused beyond its limit', async () => {
    for (const sizeBytes of [10_001, 50_000]) {
      await assert.rejects(readPrivateFile(fileWith('z'.repeat(sizeBytes)), options), {
        code: 'FORMAT_INVALID',
        message: /has more than 10000 bytes$/,
      });
    }
  });

  test('is refused when it is a directory, a device, or not there', async () => {
    await assert.rejects(readPrivateFile(directory, options), { code: 'CONFIG_INVALID' });
    await assert.rejects(readPrivateFile('/dev/zero', options), { code: 'CONFIG_INVALID' });
    await assert.rejects(readPrivateFile(join(directory, 'none'), options), {
      code: 'IO_ERROR',
      message: /^cannot read the password file .*none: ENOENT/,
    });
  });

  test('may be a pipe with a name, whatever its mode', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', ['-m', '644', path]);
    const writer = spawn('sh', ['-c', 'printf piped > "$0"', path], { stdio: 'ignore' });
    assert.equal((await readPrivateFile(path, options)).toString(), 'piped');
    writer.kill();
  });
});

describe('a descriptor', () => {
  test('is read to its end, whatever the mode of its file, and stays open', async () => {
    const fd = openSync(fileWith('secret', 0o644), 'r');
    assert.equal((await readDescriptor(fd, options)).toString(), 'secret');
    assert.equal((await readDescriptor(fd, options)).toString(), '');
    closeSync(fd);
  });

  test('is refused when it is not open, or a device', async () => {
    await assert.rejects(readDescriptor(987, options), {
      code: 'IO_ERROR',
      message: /^cannot read the password file of descriptor 987: EBADF/,
    });
    const fd = openSync('/dev/null', 'r');
    await assert.rejects(readDescriptor(fd, options), { code: 'CONFIG_INVALID' });
    closeSync(fd);
  });

  for (const kind of ['pipe', 'socket', 'pipe that does not block'] as const) {
    test(`may be a ${kind} that is filled bit by bit`, async () => {
      const child = join(import.meta.dirname, 'read-descriptor.fixture.ts');
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      // Node gives a child sockets for pipes; a shell in between makes a true one of it.
      const argv = [process.execPath, child, '0', kind.endsWith('block') ? 'nonblocking' : ''];
      const reader =
        kind === 'socket'
          ? spawn(process.execPath, argv.slice(1), { env, stdio: ['pipe', 'pipe', 'inherit'] })
          : spawn('sh', ['-c', 'cat | "$@"', 'sh', ...argv], {
              env,
              stdio: ['pipe', 'pipe', 'inherit'],
            });
      reader.stdout.once('data', () => {
        reader.stdin.write('sec');
        setImmediate(() => reader.stdin.end('ret'));
      });
      let printed = '';
      for await (const chunk of reader.stdout) printed += chunk;
      assert.equal(printed, 'ready\nsecret\n');
    });
  }
});
