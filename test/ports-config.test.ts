import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../src/errors.ts';
import {
  addExclusions,
  type LoadOptions,
  loadConfig,
  parseExclusion,
} from '../src/ports-config.ts';
import { freshDirectory } from './ports-store.ts';

function place(t: TestContext) {
  const root = freshDirectory(t);
  const cwd = join(root, 'project');
  const dataDir = join(root, 'data');
  mkdirSync(cwd);
  mkdirSync(dataDir);
  const load = (options: Partial<LoadOptions> = {}) =>
    loadConfig({ cwd, dataDir, env: {}, cli: {}, ...options });
  return { cwd, dataDir, load };
}

test('each layer overrides the one below it', async (t) => {
  const { cwd, dataDir, load } = place(t);
  const min = async (options?: Partial<LoadOptions>) => (await load(options)).policy.min;
  assert.equal(await min(), 5000);
  writeFileSync(join(dataDir, 'config.yaml'), 'ports: {min: 5101, max: 6900}\n');
  assert.equal(await min(), 5101);
  writeFileSync(join(cwd, 'trop.yaml'), 'ports: {min: 5102}\n');
  assert.equal(await min(), 5102);
  writeFileSync(join(cwd, 'trop.local.yaml'), 'ports: {min: 5103}\n');
  assert.equal(await min(), 5103);
  const configFile = join(dataDir, 'more.toml');
  writeFileSync(configFile, 'port_range = [5104, 6904]\n');
  assert.equal(await min({ configFile }), 5104);
  const env = { TROP_PORT_MIN: '5105' };
  assert.equal(await min({ configFile, env }), 5105);
  const both = { ...env, HOLDFAST_PORTS_PORT_MIN: '5106' };
  assert.equal(await min({ configFile, env: both }), 5106);
});

test('holdfast.yaml stands before trop.yaml in the same directory', async (t) => {
  const { cwd, load } = place(t);
  writeFileSync(join(cwd, 'trop.yaml'), 'project: old\n');
  writeFileSync(join(cwd, 'holdfast.yaml'), 'project: new\n');
  assert.equal((await load()).project, 'new');
});

test('exclusions of every layer add up', async (t) => {
  const { cwd, dataDir, load } = place(t);
  writeFileSync(join(dataDir, 'config.yaml'), 'excluded_ports: [5001]\n');
  writeFileSync(join(cwd, 'trop.yaml'), 'excluded_ports: ["5003..5004"]\n');
  const { excluded } = (await load({ env: { TROP_EXCLUDED_PORTS: '5007' } })).policy;
  const ports = excluded.flatMap(({ min, max }) => [min, max]).toSorted();
  assert.deepEqual([...new Set(ports)], [5001, 5003, 5004, 5007]);
});

test('a boolean variable that is neither is refused by its name', async (t) => {
  const { load } = place(t);
  await assert.rejects(load({ env: { TROP_DISABLE_AUTOPRUNE: 'maybe' } }), {
    code: 'CONFIG_INVALID',
    message: /TROP_DISABLE_AUTOPRUNE/,
  });
});

test('an exclusion is added without touching comments, order or other keys', async (t) => {
  const { cwd, dataDir } = place(t);
  const file = join(cwd, 'trop.local.yaml');
  writeFileSync(file, '# ours\nproject: x # the name\n\n# ports\nports: {min: 5000}\n');
  await addExclusions(file, [{ min: 5005, max: 5009 }], { dataDir });
  const text = readFileSync(file, 'utf8');
  for (const part of ['# ours', 'project: x # the name', '# ports', 'ports: {', '5005', '5009']) {
    assert.ok(text.includes(part), `${part} is not in:\n${text}`);
  }
  assert.ok(!text.includes('reservations') && !text.includes('null'), text);
});

test('a file that is edited keeps its mode', async (t) => {
  const { cwd, dataDir } = place(t);
  const file = join(cwd, 'trop.yaml');
  writeFileSync(file, 'project: x\n', { mode: 0o640 });
  const { mode } = statSync(file);
  await addExclusions(file, [{ min: 5005, max: 5005 }], { dataDir });
  assert.equal(statSync(file).mode, mode);
});

test('no content of a configuration file gives another error than CONFIG_INVALID', async (t) => {
  const { cwd, dataDir, load } = place(t);
  const words = fc.constantFrom(
    ...[
      'ports:',
      ' min:',
      ' max: 70000',
      '5000',
      'excluded_ports:',
      '- ',
      '1..2',
      '{',
      '}',
      '[',
      ']',
    ],
    ...['reservations:', ' services:', ' web:', ' offset: 1', '&a', '*a', '!!js/function', '<<:'],
    ...['\n', ': ', '"', "'", '#', '\0', '\t', '|', '>', '1e999', 'null', '---', '...', '%YAML'],
  );
  const text = fc.oneof(
    fc.array(words, { maxLength: 30 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom('yaml', 'toml', 'json'), async (content, ending) => {
      const configFile = join(ending === 'yaml' ? cwd : dataDir, `fuzz.${ending}`);
      writeFileSync(configFile, content);
      // Long ago, so that nobody waits for a writer to finish.
      utimesSync(configFile, 1, 1);
      try {
        await load({ configFile });
      } catch (error) {
        assert.ok(error instanceof HoldfastError, String(error));
        assert.equal(error.code, 'CONFIG_INVALID');
      }
    }),
    { numRuns: 300 },
  );
});

test('an exclusion is a port or a range within 1 to 65535, and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 14 }), (text) => {
      try {
        const { min, max } = parseExclusion(text);
        assert.ok(1 <= min && min <= max && max <= 65_535);
      } catch (error) {
        assert.ok(
          error instanceof HoldfastError ||
            error instanceof RangeError ||
            error instanceof TypeError,
        );
      }
    }),
  );
  assert.deepEqual(parseExclusion('8080..8090'), { min: 8080, max: 8090 });
});
