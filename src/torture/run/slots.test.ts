import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createSlotFile, SlotReader, type SlotStorage, SlotWriter, sharedSlots } from './slots.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-slots-'));
after(() => rmSync(directory, { recursive: true }));

function inFile(clients: number): SlotStorage {
  const file = join(directory, `slots-${clients}`);
  createSlotFile(file, clients);
  return { file };
}

describe('table of operations in flight', () => {
  const kinds: readonly [name: string, storage: (clients: number) => SlotStorage][] = [
    ['shared memory', sharedSlots],
    ['a file', inFile],
  ];
  for (const [name, storageFor] of kinds) {
    test(`in ${name}: shows what has begun and not ended, and counts what has ended`, () => {
      const storage = storageFor(3);
      const writer = new SlotWriter(storage, 3);
      const reader = new SlotReader(storage, 3);
      assert.deepEqual(reader.inFlight(), []);
      writer.place(0, 1, 2);
      writer.place(2, 0, 7);
      writer.begin(0, 0, 10);
      writer.begin(2, 4, 20.5);
      writer.end(0);
      writer.begin(0, 1, 30);
      assert.deepEqual(reader.inFlight(), [
        { client: 0, phase: 1, round: 2, index: 1, since: 30 },
        { client: 2, phase: 0, round: 7, index: 4, since: 20.5 },
      ]);
      assert.deepEqual(reader.returned(), [1, 0, 0]);
      writer.end(0);
      writer.end(2);
      assert.deepEqual(reader.inFlight(), []);
      assert.equal(reader.progress(), 3);
      writer.close();
      reader.close();
    });
  }
});
