import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Violations } from './violations.ts';

function violation(invariant: string, message: string, repeat = 0) {
  return { invariant, message, repeat, operations: [], alike: 0 };
}

test('violations that differ in numbers only are one kind, shown by the first', () => {
  const violations = new Violations();
  violations.add(violation('no port twice', 'port 50001 was given to d1 and d2', 3));
  violations.add(violation('no port twice', 'port 50017 was given to d4 and d12', 5));
  violations.add(violation('no port twice', 'port 50001 was given to d1 and d2 and d3'));
  violations.add(violation('stored', 'port 50001 was given to d1 and d2'));
  assert.equal(violations.total, 4);
  assert.deepEqual(violations.kinds, [
    { ...violation('no port twice', 'port 50001 was given to d1 and d2', 3), alike: 1 },
    violation('no port twice', 'port 50001 was given to d1 and d2 and d3'),
    violation('stored', 'port 50001 was given to d1 and d2'),
  ]);
});
