import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../../errors.ts';
import { resolveDataDir } from './data-dir.ts';
import { readEnvironment } from './environment.ts';

const numbers = ['PORT_MIN', 'PORT_MAX', 'PORT_MAX_OFFSET', 'EXPIRE_AFTER_DAYS', 'BUSY_TIMEOUT'];
const flags = [
  'DISABLE_AUTOINIT',
  'DISABLE_AUTOPRUNE',
  'DISABLE_AUTOEXPIRE',
  'ALLOW_UNRELATED_PATH',
  'ALLOW_PROJECT_CHANGE',
  'ALLOW_CHANGE_PROJECT',
  'ALLOW_TASK_CHANGE',
  'ALLOW_CHANGE_TASK',
  'ALLOW_CHANGE',
  'SKIP_OCCUPANCY_CHECK',
  'SKIP_IPV4',
  'SKIP_IPV6',
  'SKIP_TCP',
  'SKIP_UDP',
  'CHECK_ALL_INTERFACES',
];
const others = [
  'PROJECT',
  'TASK',
  'EXCLUDED_PORTS',
  'MAXIMUM_LOCK_WAIT_SECONDS',
  'OUTPUT_FORMAT',
  'LOG_MODE',
];
const prefixes = ['TROP_', 'HOLDFAST_PORTS_'];

describe('environment', () => {
  test('every boolean variable takes the eight words in any case, and no other', () => {
    const words = {
      true: true,
      YES: true,
      On: true,
      1: true,
      False: false,
      no: false,
      OFF: false,
      0: false,
    };
    for (const name of flags.flatMap((rest) => prefixes.map((prefix) => prefix + rest))) {
      for (const [text, value] of Object.entries(words)) {
        const layer = readEnvironment({ [name]: text });
        const found = [...Object.values(layer), ...Object.values(layer.occupancy ?? {})];
        assert.deepEqual(
          found.filter((one) => typeof one === 'boolean'),
          [value],
          name,
        );
      }
      for (const text of ['', 'maybe', ' true', '2', 'constructor', '__proto__']) {
        assert.throws(() => readEnvironment({ [name]: text }), {
          code: 'CONFIG_INVALID',
          message: new RegExp(`'${name}'`),
        });
      }
    }
  });

  test('ours wins over the twin, a name over its alias, and only the winner is looked at', () => {
    const both = { TROP_PORT_MIN: 'broken', HOLDFAST_PORTS_PORT_MIN: '6000' };
    assert.equal(readEnvironment(both).min, 6000);
    const alias = { TROP_BUSY_TIMEOUT: '1', TROP_MAXIMUM_LOCK_WAIT_SECONDS: '2' };
    assert.equal(readEnvironment(alias).lockWaitSeconds, 1);
    const ours = { TROP_BUSY_TIMEOUT: '1', HOLDFAST_PORTS_MAXIMUM_LOCK_WAIT_SECONDS: '2' };
    assert.equal(readEnvironment(ours).lockWaitSeconds, 2);
  });

  test('the error names the variable that was really set', () => {
    for (const prefix of prefixes) {
      for (const rest of [...numbers, ...others.slice(3), 'PROJECT', 'EXCLUDED_PORTS']) {
        const text = rest === 'PROJECT' ? '  ' : 'x';
        assert.throws(() => readEnvironment({ [prefix + rest]: text }), {
          code: 'CONFIG_INVALID',
          message: new RegExp(prefix + rest),
        });
      }
    }
  });

  test('numbers have bounds', () => {
    const { lockWaitSeconds } = readEnvironment({ TROP_BUSY_TIMEOUT: '2147483' });
    assert.equal(lockWaitSeconds, 2_147_483);
    assert.throws(() => readEnvironment({ TROP_BUSY_TIMEOUT: '2147484' }), {
      message: /must not exceed 2147483/,
    });
    for (const text of ['0', '65536', '-1', '5e3', '0x10', '5000.5', '']) {
      assert.throws(() => readEnvironment({ TROP_PORT_MAX: text }), { code: 'CONFIG_INVALID' });
    }
    assert.throws(() => readEnvironment({ TROP_EXPIRE_AFTER_DAYS: '0' }), {
      code: 'CONFIG_INVALID',
    });
  });

  test('an upper end is given in one way only', () => {
    assert.throws(() => readEnvironment({ TROP_PORT_MAX: '6000', TROP_PORT_MAX_OFFSET: '10' }), {
      code: 'CONFIG_INVALID',
      message: /TROP_PORT_MAX.*TROP_PORT_MAX_OFFSET/,
    });
  });

  test('exclusions are a list of ports and ranges', () => {
    const { excluded } = readEnvironment({ TROP_EXCLUDED_PORTS: '5000, 5010..5020' });
    assert.deepEqual(excluded, [
      { min: 5000, max: 5000 },
      { min: 5010, max: 5020 },
    ]);
    assert.deepEqual(readEnvironment({ TROP_EXCLUDED_PORTS: ' ' }).excluded, []);
  });

  test('no text in any variable gives another error than CONFIG_INVALID', () => {
    const name = fc
      .tuple(fc.constantFrom(...prefixes), fc.constantFrom(...numbers, ...flags, ...others))
      .map((parts) => parts.join(''));
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('1', '0', '70000', '1..2,3', 'json', 'true', '1e9', 'NaN'),
    );
    fc.assert(
      fc.property(fc.dictionary(name, text), (env) => {
        try {
          readEnvironment(env);
        } catch (error) {
          assert.ok(error instanceof HoldfastError && error.code === 'CONFIG_INVALID');
        }
      }),
    );
  });

  test('the data directory: what was given, HOLDFAST_DIR, TROP_DATA_DIR, the home directory', () => {
    const place = { cwd: '/some/dir', home: '/home/me' };
    const of = (given: string | undefined, env: Record<string, string>) =>
      resolveDataDir(given, env, place);
    const env = { HOLDFAST_DIR: '/ours', TROP_DATA_DIR: '/trop' };
    assert.equal(of('rel/../data', env), '/some/dir/data');
    assert.equal(of(undefined, env), '/ours');
    assert.equal(of(undefined, { ...env, HOLDFAST_DIR: '' }), '/trop');
    assert.equal(of(undefined, {}), '/home/me/.holdfast');
    assert.equal(of('~/x', {}), '/home/me/x');
    assert.throws(() => of('', env), { code: 'PATH_INVALID' });
  });
});
