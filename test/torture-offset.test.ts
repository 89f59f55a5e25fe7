import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunMode } from '../src/torture.ts';
import { offset } from './torture/offset.ts';
import { broken, LIMIT, runUntil } from './torture/real-runs.ts';

describe('an offset that is read, used, and moved on afterwards', () => {
  const modes: readonly RunMode[] = ['interleave', 'threads', 'processes', 'crash'];
  for (const mode of modes) {
    test(`is found in mode ${mode}, and shown with two clients`, LIMIT, async (t) => {
      const few = mode === 'interleave' ? {} : { clients: 4, operations: 120 };
      // Real clients are so fast that they need not meet in between.
      const run = await runUntil(t, offset, { mode, ...few }, (one) => broken(one).length > 0);
      const [violation] = run.violations;
      assert.equal(violation?.invariant, 'linearizable');
      const operations = violation?.counterexample?.operations ?? [];
      const clients = new Set(operations.map(({ process }) => process));
      assert.equal(operations.length, 2, violation?.message);
      assert.ok(clients.size <= 2, violation?.message);
    });
  }
});
