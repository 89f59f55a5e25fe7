import { pipeline, type Readable, type Transform } from 'node:stream';
import { Progress } from './progress.ts';

const MIB = 1024 * 1024;

/** What comes out of `change`, which also tells of a failure of `from`. */
export function through(from: Readable, change: Transform): Readable {
  return pipeline(from, change, () => undefined);
}

/** The bytes that a stream begins with, all of them where it is no longer; it still has them. */
export async function headOf(stream: Readable, sizeBytes: number): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    head = Buffer.concat([head, chunk as Buffer]);
    if (head.length >= sizeBytes) {
      // A copy, because whoever reads it may wipe it.
      stream.unshift(Buffer.from(head));
      break;
    }
  }
  return head;
}

/** The same, and on stderr how much of it there was so far. */
export async function* watched(stream: Readable, what: string): AsyncGenerator<Uint8Array> {
  using progress = new Progress(what);
  let sizeBytes = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    yield chunk;
    sizeBytes += chunk.length;
    progress.tell(`${Math.floor(sizeBytes / MIB)} MiB`);
  }
}
