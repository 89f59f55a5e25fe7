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
      writer.begin(0, 'get "a"', 10);
      writer.begin(2, 'set "ü"', 20.5);
      writer.end(0);
      writer.begin(0, 'x', 30);
      assert.deepEqual(reader.inFlight(), [
        { client: 0, text: 'x', since: 30 },
        { client: 2, text: 'set "ü"', since: 20.5 },
      ]);
      assert.equal(reader.progress(), 1);
      writer.end(0);
      writer.end(2);
      assert.deepEqual(reader.inFlight(), []);
      assert.equal(reader.progress(), 3);
      writer.close();
      reader.close();
    });
  }

  test('a long input is cut to its slot and leaves the next one alone', () => {
    const storage = sharedSlots(2);
    const writer = new SlotWriter(storage, 2);
    writer.begin(1, 'neighbour', 1);
    writer.begin(0, 'ü'.repeat(1000), 2);
    const [first, second] = new SlotReader(storage, 2).inFlight();
    assert.match(first?.text ?? '', /^ü+$/);
    assert.equal(second?.text, 'neighbour');
  });
});
