import { Transform, type TransformCallback } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** What goes beyond is not kept. */
const LINE_MAX = 65_536;

/** Passes everything on as it comes, and tells of each line; a carriage return ends one too. */
export class LineTap extends Transform {
  readonly #decoder = new StringDecoder('utf8');
  readonly #tell: (line: string) => void;
  #line = '';

  constructor(tell: (line: string) => void) {
    super();
    this.#tell = tell;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#take(this.#decoder.write(chunk));
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.#take(`${this.#decoder.end()}\n`);
    done();
  }

  #take(text: string): void {
    const lines = (this.#line + text).split(/[\r\n]+/);
    this.#line = (lines.pop() ?? '').slice(0, LINE_MAX);
    for (const line of lines) if (line !== '') this.#tell(line);
  }
}
