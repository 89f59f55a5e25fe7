import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  freshSeed,
  importDeclaration,
  PoolSet,
  type Report,
  reportText,
  runTorture,
} from '../src/torture.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'examples/torture');
const files = readdirSync(folder).filter((name) => name.endsWith('.torture.ts'));

const CLIENTS = 4;
/** A race that is not lost with one seed is with the next. */
const TRIES = 4;

describe('examples/torture', () => {
  const pools = new PoolSet({ processes: CLIENTS });
  after(() => pools[Symbol.asyncDispose]());

  async function run(name: string, clients: number, operations: number): Promise<Report> {
    const declared = await importDeclaration(pathToFileURL(join(folder, name)).href);
    const seed = freshSeed();
    return runTorture(declared, { mode: 'processes', clients, operations, seed, pools });
  }

  async function findsViolation(context: TestContext, name: string, operations: number) {
    for (let nth = 1; nth <= TRIES; nth += 1) {
      const report = await run(name, CLIENTS, operations);
      context.diagnostic(`try ${nth}: ${report.verdict}, seed ${report.seed}`);
      if (report.verdict === 'violation') return report;
    }
    return assert.fail(`no violation in ${TRIES} tries`);
  }

  for (const name of files) {
    test(`${name} finds nothing wrong with one client`, async () => {
      const report = await run(name, 1, 8);
      assert.equal(report.verdict, 'ok', reportText(report));
      assert.match(report.runs[0]?.notes.join() ?? '', /^lost 0 of \d+/);
    });
  }

  const broken: readonly [name: string, operations: number, invariant: string][] = [
    ['conf', 80, 'an acknowledged key is there'],
    ['configstore', 80, 'an acknowledged key is there'],
    ['write-file-atomic', 80, 'linearizable'],
    ['portfinder', 24, 'a port that was given can be bound'],
    ['get-port-range', 24, 'a port that was given can be bound'],
    ['proper-lockfile-pause', 40, 'one at a time is inside'],
  ];
  for (const [name, operations, invariant] of broken) {
    test(`${name} does not do what is asked of it in processes`, async (context) => {
      const report = await findsViolation(context, `${name}.torture.ts`, operations);
      const found = report.runs.flatMap((one) => one.violations.map((each) => each.invariant));
      assert.ok(found.includes(invariant), reportText(report));
    });
  }

  for (const name of ['cacache', 'proper-lockfile']) {
    test(`${name} does what is asked of it in processes`, async (context) => {
      const report = await run(`${name}.torture.ts`, CLIENTS, 80);
      context.diagnostic(`seed ${report.seed}`);
      assert.equal(report.verdict, 'ok', reportText(report));
    });
  }

  test('the command line runs them as they are', async (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-examples-'));
    context.after(() => rmSync(directory, { recursive: true, force: true }));
    const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...rest } = process.env;
    const env = { ...rest, HOLDFAST_DIR: directory };
    const file = join(folder, 'conf.torture.ts');
    const words = ['--mode', 'threads', '--clients', '1', '--operations', '20'];
    const args = ['torture', 'run', file, ...words];
    const out = await new Promise<string>((resolve) => {
      execFile(process.execPath, [join(root, 'bin/holdfast.js'), ...args], { env }, (_e, text) =>
        resolve(text),
      );
    });
    assert.match(out, /lost 0 of 20/);
  });

  test('each says at its head what its package promises, and is in the README', () => {
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const name of files) {
      assert.ok(readme.includes(`](${name})`), name);
      assert.match(readFileSync(join(folder, name), 'utf8'), /^(\/\/ .+\n){3}/, name);
    }
  });
});
