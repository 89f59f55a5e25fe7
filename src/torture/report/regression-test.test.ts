import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runInThisContext } from 'node:vm';
import fc from 'fast-check';
import { type AnyDeclared, importDeclaration } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import type { Counterexample } from '../judge/verdict.ts';
import { checkLinearizable } from '../order/linearizable.ts';
import { counter } from '../order/samples.fixture.ts';
import { runTorture } from '../run/run-torture.ts';
import { historyRegressionTest, regressionTest } from './regression-test.ts';

const temp = mkdtempSync(join(tmpdir(), 'holdfast-regression-'));
after(() => rmSync(temp, { recursive: true, force: true }));

const library = new URL('../../torture.ts', import.meta.url).href;
const samplesModule = new URL('../order/samples.fixture.ts', import.meta.url).href;

function operation(process: number, output: unknown, more: Partial<Operation> = {}): Operation {
  return {
    ...{ process, phase: 'run', round: 0, f: 'add', input: 1, output, outcome: 'ok' },
    ...{ invokedAt: 1000 * process, returnedAt: 9000 + process },
    ...more,
  };
}

function counterexampleOf(operations: readonly Operation[], sentence = 'why'): Counterexample {
  return { operations, others: 3, sentence, order: [0] };
}

const twice = counterexampleOf([operation(0, 5), operation(1, 5)], 'both were given 5');

/** What a generated file does when it is run: the test that it registers, and what that calls. */
async function effectsOf(source: string): Promise<unknown[]> {
  const body = stripTypeScriptTypes(source)
    .replaceAll(/^import .*$/gm, '')
    .replaceAll('import.meta.url', '"file:///here/x.test.mjs"');
  const effects: unknown[] = [];
  const run = runInThisContext(
    `(async (test, importDeclaration, expectOk, checkLinearizable, assert) => {${body}\n})`,
  );
  const tests: { name: string; body: () => Promise<void> }[] = [];
  await run(
    (name: string, body: () => Promise<void>) => tests.push({ name, body }),
    async (module: string, name: string) => effects.push(['import', module, name]),
    async (_declared: unknown, options: unknown) => effects.push(['expectOk', options]),
    (_declared: unknown, operations: unknown) => effects.push(['check', operations]),
    { equal: () => undefined },
  );
  assert.equal(tests.length, 1);
  await tests[0]?.body();
  return [tests[0]?.name, ...effects];
}

/** Texts that would like to be something else. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '@ts-nocheck',
    "'); process.exit(0); ('",
    '"); process.exit(0); ("',
    '*/ process.exit(0) /*',
    '\nprocess.exit(0)//',
    '\r\u2028\u2029process.exit(0)',
    `\${process.exit(0)}\``,
    '# sourceMappingURL=file:///etc/passwd',
    '\u202eright to left',
    '</script><!--',
    '\\',
  ),
);

const hostileValue = fc.oneof(
  hostile,
  fc.anything({ withBigInt: true, withMap: true, withDate: true }),
);

const hostileOperation = fc
  .record({ f: hostile, input: hostileValue, output: hostileValue, error: hostile })
  .map((more) => operation(0, more.output, more));

describe('a regression test', () => {
  test('replays the schedule of a token', async () => {
    const source = regressionTest(counter, {
      ...{ module: './c.torture.ts', replayToken: 'i1.abc', counterexample: twice },
      ...{ mode: 'threads', seed: 's' },
    });
    assert.deepEqual(await effectsOf(source), [
      'counter keeps its promises',
      ['import', 'file:///here/c.torture.ts', 'counter'],
      ['expectOk', { mode: 'interleave', replay: 'i1.abc' }],
    ]);
  });

  test('runs with the same inputs where there is no token', async () => {
    const source = regressionTest(counter, {
      ...{ module: '../c.ts', mode: 'processes', seed: 'abc', clients: 4, operations: 90 },
    });
    const [, , expected] = await effectsOf(source);
    const options = { mode: 'processes', seed: 'abc', clients: 4, operations: 90 };
    assert.deepEqual(expected, ['expectOk', options]);
    assert.match(source, /it may pass by luck/);
  });

  test('says in a comment what the counterexample is', () => {
    const source = regressionTest(counter, { module: './c.ts', counterexample: twice });
    const comment = source.split('\n').filter((line) => line.startsWith('// | '));
    assert.match(comment.join('\n'), /client 0 +client 1/);
    assert.ok(comment.includes('// | both were given 5'));
  });

  test('does nothing else, whatever texts a store and its history are made of', async () => {
    await fc.assert(
      fc.asyncProperty(
        ...[hostile, hostile, hostile, hostile],
        fc.array(hostileOperation, { maxLength: 3 }),
        async (name, seed, token, sentence, operations) => {
          const declared: AnyDeclared = { ...counter, name };
          const counterexample = counterexampleOf(operations, sentence);
          const options = { module: './c.ts', seed, counterexample };
          const [title, imported, expected] = await effectsOf(regressionTest(declared, options));
          assert.equal(title, `${name} keeps its promises`);
          assert.deepEqual(imported, ['import', 'file:///here/c.ts', name]);
          assert.deepEqual(expected, ['expectOk', { seed }]);
          const replaying = regressionTest(declared, { ...options, replayToken: token });
          const [, , again] = await effectsOf(replaying);
          assert.deepEqual(again, ['expectOk', { mode: 'interleave', replay: token }]);
          // A comment can be a directive to a compiler, a linter or a debugger.
          assert.doesNotMatch(replaying, /^\/\/(?:[#@]|\s*@|\s*#)/m);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a regression test that is run', () => {
  /** Adds in one step, or in two with a turn of the event loop between them. */
  const moduleOf = (pause: string) => `
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { torture } from ${JSON.stringify(library)};

export default torture({
  name: 'count "er"',
  store: {
    create: ({ dir }) => (writeFileSync(join(dir, 'count'), '0'), join(dir, 'count')),
    open: (file) => file,
  },
  model: { init: 0 },
  ops: {
    add: {
      in: () => 1,
      run: async (file, step) => {
        await turn();
        const count = Number(readFileSync(file, 'utf8')) + step;
        ${pause}
        writeFileSync(file, String(count));
        await turn();
        return count;
      },
      spec: (count, step, found) => found === count + step && found,
    },
  },
  expect: ['linearizable'],
});
`;

  test('fails as long as the promise is broken, and passes when it is kept', async () => {
    const module = './counter.torture.mjs';
    writeFileSync(join(temp, module), moduleOf('await turn();'));
    const declared = await importDeclaration(pathToFileURL(join(temp, module)).href);
    const report = await runTorture(declared, { mode: 'interleave', seed: '1' });
    const { counterexample } = report.runs[0]?.violations[0] ?? {};
    const replayToken = counterexample?.token;
    const source = regressionTest(declared, { module, library, replayToken, counterexample });
    const broken = await runFile(source);
    assert.equal(broken.status, 1, broken.output);
    assert.match(broken.output, /were both given 1 by add/);
    writeFileSync(join(temp, module), moduleOf(''));
    const kept = await runFile(source);
    assert.equal(kept.status, 0, kept.output);
  });
});

describe('a regression test of a history', () => {
  test('holds the operations and what the model must say of them', async () => {
    const source = historyRegressionTest(counter, { module: './c.ts', counterexample: twice });
    const [title, , checked] = await effectsOf(source);
    assert.equal(title, 'counter does not allow what was seen');
    assert.deepEqual(structuredClone(checked), ['check', twice.operations]);
    assert.equal(checkLinearizable(counter, twice.operations)?.kind, 'illegal');
  });

  test('is not made of operations that the model allows', () => {
    const counterexample = counterexampleOf([operation(0, 1), operation(1, 2)]);
    const make = () => historyRegressionTest(counter, { module: './c.ts', counterexample });
    assert.throws(make, RangeError);
    const operations = [...counterexample.operations, operation(2, 9)];
    assert.match(
      historyRegressionTest(counter, { module: './c.ts', counterexample, operations }),
      /output: 9/,
    );
  });

  test('holds any values', async () => {
    const never: AnyDeclared = {
      ...counter,
      ops: { add: { in: () => 1, run: () => 1, spec: () => false } },
    };
    await fc.assert(
      fc.asyncProperty(hostileValue, hostileValue, async (input, output) => {
        const operations = [operation(0, output, { input })];
        const counterexample = counterexampleOf(operations);
        const source = historyRegressionTest(never, { module: './c.ts', counterexample });
        const [, , checked] = await effectsOf(source);
        assert.deepEqual(structuredClone(checked), ['check', structuredClone(operations)]);
      }),
      { numRuns: 200 },
    );
  });

  test('passes when it is run', async () => {
    const options = { module: samplesModule, library, counterexample: twice };
    const { status, output } = await runFile(historyRegressionTest(counter, options));
    assert.equal(status, 0, output);
    assert.match(output, /pass 1/);
  });
});

async function runFile(source: string): Promise<{ status: number | null; output: string }> {
  const file = join(temp, 'generated.test.mjs');
  writeFileSync(file, source);
  const { NODE_EXTRA_CA_CERTS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const child = spawn(process.execPath, ['--test', file], { env });
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { status, output };
}
