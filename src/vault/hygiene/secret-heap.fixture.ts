import { getHeapSnapshot } from 'node:v8';
import { Secret } from './secret.ts';
import { wipe, wipeable } from './wipe.ts';

// Letters that stand nowhere in the source, so that only the secret can bring them to the heap.
const bytes = wipeable(48);
for (let index = 0; index < bytes.length; index += 1) bytes[index] = 97 + ((index * 11 + 5) % 26);
const needle = wipeable(20);
bytes.copy(needle, 0, 8, 28);
const secret = new Secret(bytes);
wipe(bytes);
secret.withBytes((lent) => lent.length);

async function isInHeap(): Promise<boolean> {
  let tail = Buffer.alloc(0);
  for await (const chunk of getHeapSnapshot()) {
    const window = Buffer.concat([tail, chunk]);
    if (window.includes(needle)) return true;
    tail = window.subarray(-needle.length);
  }
  return false;
}

const before = await isInHeap();
const text = secret.text();
const after = await isInHeap();
process.stdout.write(`${before} ${after} ${text.length}`);
