import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ports } from '../ports.ts';
import { failureOf } from './failure.ts';

test('a wrong argument is the user’s, a fault of the code is not', async () => {
  const refused = await Ports.open({ policy: { min: 9, max: 3 } }).catch((error) => error);
  const argument = failureOf(refused);
  assert.equal(argument.status, 4);
  assert.match(argument.message, /^Invalid arguments: .*min 9/);
  const fault = failureOf(new TypeError("Cannot read properties of undefined (reading 'a')"));
  assert.equal(fault.status, 6);
  assert.match(fault.message, /^internal error: .*HOLDFAST_DEBUG/);
});

test('a fault of the code shows its stack when HOLDFAST_DEBUG is set', (t) => {
  const before = process.env.HOLDFAST_DEBUG;
  t.after(() => {
    if (before === undefined) delete process.env.HOLDFAST_DEBUG;
    else process.env.HOLDFAST_DEBUG = before;
  });
  const fault = new TypeError('x is not a function');
  process.env.HOLDFAST_DEBUG = '1';
  assert.equal(failureOf(fault).message, `internal error: x is not a function\n${fault.stack}`);
});

test('what the system refused is an I/O error', () => {
  const error = Object.assign(new Error('EACCES: no'), { code: 'EACCES', syscall: 'open' });
  assert.deepEqual(
    [failureOf(error).status, failureOf(error).message],
    [5, 'I/O error: EACCES: no'],
  );
});
