import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshDirectory, storedRows, unprobed } from './ports-store.ts';

const PROCESSES = 16;
const CALLS = 15;

/** Waits for a line on stdin, so that all begin at once; prints what it was given. */
const child = `
  import { Ports } from ${JSON.stringify(new URL('../src/ports.ts', import.meta.url).href)};
  const [dir, name, policy] = process.argv.slice(1);
  console.log('ready');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  await using ports = await Ports.open({ dir, policy: JSON.parse(policy), lockTimeoutMs: 60_000 });
  const got = {};
  for (let nth = 0; nth < ${CALLS}; nth++) {
    const path = '/' + name + '/' + nth;
    got[path] = (await ports.reserve(path)).port;
    // Every other one goes back, so that the freed ports are fought over.
    if (nth % 2) {
      await ports.release(path);
      delete got[path];
    }
  }
  console.log(JSON.stringify(got));
  process.stdin.destroy();
`;

test(`${PROCESSES} processes begin at once on a store that is not there, and share it`, async (t) => {
  const dir = join(freshDirectory(t), 'data');
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const callers = await Promise.all(
    Array.from({ length: PROCESSES }, async (_, nth) => {
      const args = ['--input-type=module', '-e', child, dir, `p${nth}`, JSON.stringify(unprobed)];
      const caller = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
      t.after(() => caller.kill('SIGKILL'));
      let out = '';
      caller.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
      await once(caller.stdout, 'data');
      return { caller, exited: once(caller, 'exit'), answer: () => out.replace('ready\n', '') };
    }),
  );
  for (const { caller } of callers) caller.stdin.write('go\n');
  const codes = await Promise.all(callers.map(async ({ exited }) => (await exited)[0]));
  assert.deepEqual(codes, Array(PROCESSES).fill(0));
  const got: Record<string, number> = Object.assign(
    {},
    ...callers.map(({ answer }) => JSON.parse(answer())),
  );
  const stored = Object.fromEntries(storedRows(dir).map(({ path, port }) => [path, port]));
  assert.deepEqual(stored, got, 'what was answered is what is stored, and nothing else is');
  assert.equal(Object.keys(got).length, PROCESSES * Math.ceil(CALLS / 2));
  assert.equal(new Set(Object.values(got)).size, Object.keys(got).length);
});
