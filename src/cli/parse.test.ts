import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OptionTable } from './command.ts';
import { parseHead, parseLine, UsageError } from './parse.ts';

const table = {
  help: { type: 'flag', short: 'h', help: '' },
  force: { type: 'flag', help: '' },
  path: { type: 'text', value: 'PATH', help: '' },
  days: { type: 'integer', min: 1, max: 9, help: '' },
  form: { type: 'text', choices: ['json', 'csv'], help: '' },
  tag: { type: 'texts', help: '' },
  password: { type: 'text', help: '', refused: 'take a file' },
} as const satisfies OptionTable;

test('options and arguments stand in any order', () => {
  const lines = ['--force a --path p b', 'a b --path=p --force', '--path p a --force b'];
  for (const line of lines) {
    const { options, args } = parseLine(line.split(' '), table, [
      { name: 'A', help: '' },
      { name: 'B', help: '' },
    ]);
    assert.deepEqual([{ ...options }, args], [{ force: true, path: 'p' }, ['a', 'b']]);
  }
});

test('what follows two dashes is no option', () => {
  const { options, args } = parseLine(['--', '--force'], table, [{ name: 'A', help: '' }]);
  assert.deepEqual([{ ...options }, args], [{}, ['--force']]);
});

test('a command line behind the options is left as it is', () => {
  const rest = [{ name: 'COMMAND', help: '', count: 'rest', required: true }] as const;
  for (const line of [
    ['--force', '--', 'npm', 'start', '--path', '--', '-h'],
    ['--force', 'npm', 'start', '--path', '--', '-h'],
  ]) {
    const { options, args } = parseLine(line, table, rest);
    assert.deepEqual(
      [{ ...options }, args],
      [{ force: true }, ['npm', 'start', '--path', '--', '-h']],
    );
  }
});

test('the head of a line ends at the first word', () => {
  const line = ['--force', '--path', 'p', 'list', '--bogus'];
  const { index, options } = parseHead(line, table);
  assert.deepEqual([line[index], { ...options }], ['list', { force: true, path: 'p' }]);
});

test('help wins over whatever stands behind it', () => {
  assert.equal(parseLine(['-h', '--bogus'], table, []).asks, 'help');
  assert.throws(() => parseLine(['--bogus', '-h'], table, []), UsageError);
});

test('choices are taken in any case and handed on in theirs', () => {
  assert.equal(parseLine(['--form', 'JSON'], table, []).options.form, 'json');
});

test('what may be given often is handed on in its order', () => {
  const line = ['--tag', 'b', '--force', '--tag=a'];
  assert.deepEqual(parseLine(line, table, []).options.tag, ['b', 'a']);
  assert.deepEqual(parseLine(['--tag', 'b'], table, []).options.tag, ['b']);
  assert.throws(() => parseLine(['--path', 'a', '--path', 'b'], table, []), /more than once/);
});

test('what is refused is told why, and its value is not repeated', () => {
  for (const line of [['--password', 'canary'], ['--password=canary'], ['--password']]) {
    for (const parse of [() => parseLine(line, table, []), () => parseHead(line, table)]) {
      assert.throws(parse, { message: 'take a file' });
    }
  }
});

test('only names of the table are options', () => {
  for (const name of ['constructor', '__proto__', 'toString']) {
    assert.throws(() => parseLine([`--${name}=x`], table, []), /unexpected argument/);
  }
});

test('numbers keep to their bounds', () => {
  assert.equal(parseLine(['--days', '9'], table, []).options.days, 9);
  for (const bad of ['0', '10', '-1', '1.5', '0x1', '', ' 1', '1e0']) {
    assert.throws(() => parseLine([`--days=${bad}`], table, []), UsageError, bad);
  }
});

test('any value comes through behind an equals sign, and any line is read or refused', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(parseLine([`--path=${text}`], table, []).options.path, text);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.string()), (line) => {
      try {
        parseLine(line, table, [{ name: 'A', help: '', count: 'many' }]);
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
  );
});
