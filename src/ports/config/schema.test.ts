import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { monotonicMs } from '../../engine/clock.ts';
import { HoldfastError } from '../../errors.ts';
import { ParseFault } from './fields.ts';
import { type Rules, readSettings } from './schema.ts';
import { isBlank, parseText, type Syntax } from './syntax.ts';

const read = async (text: string, rules: Rules = 'project', syntax: Syntax = 'yaml') =>
  readSettings(await parseText(syntax, text), rules);

const isFault = (error: unknown) => error instanceof ParseFault;
const violates = (key: string) => ({
  code: 'CONFIG_INVALID',
  message: new RegExp(`^validation error for '${key}`),
});

describe('settings of a document', () => {
  test('every key of a project file is understood', async () => {
    const layer = await read(`
project: " shop "
ports: {min: 5000, max_offset: 100}
excluded_ports: [5001, "5003..5005", {start: 5007, end: 5009}]
cleanup: {expire_after_days: 7}
occupancy_check: {skip: false, skip_ip4: true, skip_ip6: true, skip_tcp: true, skip_udp: true, check_all_interfaces: true}
reservations: {base: 5010, services: {web: {offset: 1, preferred: 80, env: WEB}, api:}}
disable_autoinit: true
disable_autoprune: true
disable_autoexpire: true
allow_unrelated_path: true
allow_change_project: true
allow_change_task: true
allow_change: false
maximum_lock_wait_seconds: 0
output_format: tsv
`);
    assert.deepEqual(JSON.parse(JSON.stringify(layer)), {
      project: 'shop',
      min: 5000,
      maxOffset: 100,
      excluded: [
        { min: 5001, max: 5001 },
        { min: 5003, max: 5005 },
        { min: 5007, max: 5009 },
      ],
      expireAfterDays: 7,
      occupancy: {
        skip: false,
        skipIpv4: true,
        skipIpv6: true,
        skipTcp: true,
        skipUdp: true,
        allInterfaces: true,
      },
      reservations: {
        base: 5010,
        services: { web: { offset: 1, preferred: 80, env: 'WEB' }, api: {} },
      },
      disableAutoinit: true,
      disableAutoprune: true,
      disableAutoexpire: true,
      allowUnrelatedPath: true,
      allowProjectChange: true,
      allowTaskChange: true,
      allowChange: false,
      lockWaitSeconds: 0,
      outputFormat: 'tsv',
    });
  });

  test('a key that is null, as trop writes it, is absent', async () => {
    const layer = await read(
      'project: null\nports: {min: 1, max: null}\nexcluded_ports:\n',
      'user',
    );
    assert.deepEqual([layer.project, layer.max, layer.excluded], [undefined, undefined, undefined]);
  });

  test('a null group clears in a project file and is inert in the user file', async () => {
    assert.equal((await read('reservations: null\n')).reservations, null);
    assert.equal((await read('reservations:\n')).reservations, null);
    assert.equal((await read('reservations: null\n', 'user')).reservations, undefined);
    assert.equal((await read('project: x\n')).reservations, undefined);
  });

  test('the user file has neither a project nor a group', async () => {
    await assert.rejects(read('project: x\n', 'user'), violates('project'));
    const group = 'reservations: {services: {web: {}}}\n';
    await assert.rejects(read(group, 'user'), violates('reservations'));
  });

  const faults = [
    'port_range: [1, 2]',
    'ports: {max: 9}',
    'ports: {min: 1, top: 2}',
    'ports: {min: "5000"}',
    'ports: 5000',
    'excluded_ports: 80',
    'excluded_ports: [x]',
    'excluded_ports: [{start: 1}]',
    'excluded_ports: [[1, 2]]',
    'excluded_ports: ["9..8"]',
    'allow_change: yes',
    'output_format: xml',
    'project: 5',
    'reservations: {}',
    'reservations: {services: {web: 1}}',
    'reservations: {services: {web: {port: 1}}}',
    'cleanup: {expire_after_days: 1.5}',
    'just text',
    '- a\n- list',
    'project: a\nproject: b',
    'a: 1\n---\nb: 2',
    'project: !custom x',
    'project: *nothing',
    '? [a]\n: b',
    '{ invalid yaml content: [ }',
    '['.repeat(100_000),
  ];
  for (const text of faults) {
    test(`cannot be understood: ${text.slice(0, 40).replaceAll('\n', ' / ')}`, () =>
      assert.rejects(read(text), isFault));
  }

  const violations: [text: string, key: string][] = [
    ['ports: {min: 0}', 'ports.min'],
    ['ports: {min: 1, max: 65536}', 'ports.max'],
    ['ports: {min: 2, max: 1}', 'ports'],
    ['ports: {min: 1, max: 2, max_offset: 1}', 'ports'],
    ['ports: {min: 1, max_offset: 0}', 'ports.max_offset'],
    ['ports: {min: 65000, max_offset: 1000}', 'ports'],
    ['excluded_ports: [0]', 'excluded_ports\\[0\\]'],
    ['excluded_ports: [1, {start: 9, end: 8}]', 'excluded_ports\\[1\\]'],
    ['cleanup: {expire_after_days: 0}', 'cleanup.expire_after_days'],
    ['maximum_lock_wait_seconds: 2147484', 'maximum_lock_wait_seconds'],
    ['maximum_lock_wait_seconds: -1', 'maximum_lock_wait_seconds'],
    ['project: "  "', 'project'],
    ['reservations: {services: {}}', 'reservations.services'],
    ['reservations: {services: {a: {}, b: {}}}', 'reservations.services'],
    ['reservations: {base: 0, services: {a: {}}}', 'reservations.base'],
  ];
  for (const [text, key] of violations) {
    test(`is not allowed: ${text}`, () => assert.rejects(read(text), violates(key)));
  }

  test('what is wrong with a service is said without its tag', async () => {
    for (const service of [
      '1',
      '{offset: x}',
      '{offset: -1}',
      '{env: 5}',
      '{zzz: 1}',
      '{env: "9"}',
    ]) {
      await assert.rejects(
        read(`reservations: {services: {"ATTACK\\e": ${service}}}`),
        (error: Error) => /service 1/.test(error.message) && !/ATTACK|\p{Cc}/u.test(error.message),
      );
    }
  });

  test('an unknown key is shown with what could steer a terminal escaped', async () => {
    await assert.rejects(
      read('"x\\e[2J\\u202e": 1'),
      (error: Error) => /unknown key/.test(error.message) && !/\p{C}/u.test(error.message),
    );
  });

  test('port_range is an alias of ports in TOML, and there alone', async () => {
    const layer = await read('port_range = [50000, 50010]\n', 'user', 'toml');
    assert.deepEqual([layer.min, layer.max], [50_000, 50_010]);
    for (const text of [
      'port_range = 5\n',
      'port_range = [1, 2, 3]\n',
      'port_range = [1, 2]\nports = {min = 1}\n',
    ]) {
      await assert.rejects(read(text, 'project', 'toml'), isFault);
    }
    await assert.rejects(read('{"port_range": [1, 2]}', 'project', 'json'), isFault);
  });

  test('the same settings in TOML and in JSON', async () => {
    const yaml = await read('project: x\nports: {min: 1, max: 2}\nexcluded_ports: [1, "1..2"]\n');
    const toml = 'project = "x"\nexcluded_ports = [1, "1..2"]\n[ports]\nmin = 1\nmax = 2\n';
    const json = '{"project":"x","ports":{"min":1,"max":2},"excluded_ports":[1,"1..2"]}';
    assert.deepEqual(await read(toml, 'project', 'toml'), yaml);
    assert.deepEqual(await read(json, 'project', 'json'), yaml);
    await assert.rejects(read('cleanup = 2020-01-01\n', 'project', 'toml'), isFault);
  });

  test('comments and blank lines alone are an empty document in every syntax', async () => {
    const text = '\n  # port_range = [1, 2]\r\n\t\n#';
    assert.ok(isBlank(text));
    for (const syntax of ['yaml', 'toml', 'json'] as const) {
      assert.equal(await parseText(syntax, text), undefined);
      assert.equal(await parseText(syntax, ''), undefined);
    }
    assert.ok(!isBlank('# a\nb: 1'));
  });

  test('a syntax error is located, and repeats nothing of the text', async () => {
    const texts: [Syntax, string][] = [
      ['yaml', 'project: x\nATTACK: "ATTACK\\qATTACK"\n'],
      ['yaml', 'project: x\nproject: ATTACK\n'],
      ['toml', 'project = "x"\nATTACK = ATTACK\n'],
      ['json', '{"project": "x",\n ATTACK}'],
    ];
    for (const [syntax, text] of texts) {
      await assert.rejects(
        read(text, 'project', syntax),
        (error: Error) =>
          error instanceof ParseFault &&
          /line 2, column \d+/.test(error.message) &&
          !error.message.includes('ATTACK'),
      );
    }
  });

  test('aliases are followed, but not into a bomb', async () => {
    assert.equal((await read('disable_autoprune: &a true\nallow_change: *a\n')).allowChange, true);
    const lines = ['a0: &a0 [x]'];
    for (let level = 1; level < 12; level += 1) {
      lines.push(`a${level}: &a${level} [${`*a${level - 1},`.repeat(12)}]`);
    }
    await assert.rejects(read(lines.join('\n')), isFault);
  });

  test('a mapping of ten thousand keys is refused in a moment', async () => {
    const text = Array.from({ length: 10_000 }, (_, index) => `key${index}: 1`).join('\n');
    const started = monotonicMs();
    await assert.rejects(read(text), isFault);
    assert.ok(monotonicMs() - started < 10_000);
  });

  test('any document of plain values is read or refused, never worse', () => {
    const key = fc.constantFrom(
      ...['project', 'ports', 'min', 'max', 'max_offset', 'excluded_ports', 'start', 'end'],
      ...['cleanup', 'expire_after_days', 'occupancy_check', 'skip', 'reservations', 'services'],
      ...['base', 'offset', 'env', 'allow_change', 'output_format', '__proto__', 'constructor'],
    );
    const { tree } = fc.letrec((tie) => ({
      leaf: fc.oneof(fc.integer(), fc.double(), fc.string(), fc.boolean(), fc.constant(null)),
      list: fc.array(tie('tree'), { maxLength: 4 }),
      mapping: fc.dictionary(key, tie('tree'), { maxKeys: 6, noNullPrototype: false }),
      tree: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('mapping'), tie('list')),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom('user', 'project'), (document, rules) => {
        try {
          readSettings(document, rules);
        } catch (error) {
          const isRefusal = error instanceof HoldfastError && error.code === 'CONFIG_INVALID';
          assert.ok(isRefusal || isFault(error), String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
