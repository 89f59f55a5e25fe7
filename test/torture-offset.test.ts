import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type RunMode, reportText, runTorture } from '../src/torture.ts';
import { offset } from './torture/offset.ts';

describe('an offset that is read, used, and moved on afterwards', () => {
  const modes: readonly RunMode[] = ['interleave', 'threads', 'processes', 'crash'];
  for (const mode of modes) {
    test(`is found in mode ${mode}, and shown with two clients`, async () => {
      const few = mode === 'interleave' ? {} : { clients: 4, operations: 120 };
      const report = await runTorture(offset, { mode, ...few });
      const [violation] = report.runs[0]?.violations ?? [];
      const text = reportText(report);
      assert.equal(violation?.invariant, 'linearizable', text);
      const operations = violation?.counterexample?.operations ?? [];
      const clients = new Set(operations.map(({ process }) => process));
      assert.equal(operations.length, 2, text);
      assert.ok(clients.size <= 2, text);
    });
  }
});
