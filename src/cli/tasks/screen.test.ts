import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Screen } from './screen.ts';

const COLUMNS = 20;

/** A terminal that knows what a screen writes to it. */
class Terminal {
  readonly #columns: number;
  lines: string[] = [''];
  isCursorShown = true;
  #row = 0;

  constructor(columns = COLUMNS) {
    this.#columns = columns;
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about.
    for (const [part] of text.matchAll(/\x1b\[\??\d*[A-Za-z]|[\r\n]|[^\x1b\r\n]+/g)) this.#do(part);
  }

  get text(): string {
    return this.lines.join('\n');
  }

  #do(part: string): void {
    if (part === '\n') this.#row += 1;
    else if (part === '\x1b[?25l') this.isCursorShown = false;
    else if (part === '\x1b[?25h') this.isCursorShown = true;
    else if (part === '\x1b[J') this.lines.length = this.#row;
    else if (part.endsWith('A')) this.#row -= Number(part.slice(2, -1));
    else if (part !== '\r' && part !== '\x1b[K') {
      assert.ok(part.length < this.#columns, part);
      this.lines[this.#row] = part;
    }
    assert.ok(this.#row >= 0, 'the cursor is above the terminal');
  }
}

function shown(frames: readonly (readonly [lines: string[], above?: string[]])[]): Terminal {
  const terminal = new Terminal();
  const screen = new Screen();
  for (const [lines, above] of frames) terminal.write(screen.frame(lines, COLUMNS, above));
  return terminal;
}

test('a frame takes the place of the one before, longer or shorter', () => {
  const terminal = shown([[['a', 'b']], [['c']], [['d', 'e', 'f']]]);
  assert.equal(terminal.text, 'd\ne\nf');
  assert.equal(terminal.isCursorShown, false);
});

test('what is to stay scrolls away above the frame', () => {
  assert.equal(
    shown([[['a']], [['b'], ['done a']], [['c'], ['done b']]]).text,
    'done a\ndone b\nc',
  );
});

test('nothing is written where nothing has changed', () => {
  const screen = new Screen();
  assert.notEqual(screen.frame(['a'], COLUMNS), '');
  assert.equal(screen.frame(['a'], COLUMNS), '');
  assert.notEqual(screen.frame(['a'], COLUMNS - 1), '');
});

test('a frame that a narrower terminal has broken is erased as a whole', () => {
  const screen = new Screen();
  screen.frame(['a'.repeat(15), '', '日本'], COLUMNS);
  assert.ok(screen.frame(['b'], 8).startsWith('\x1b[4A\r'));
});

test('at the end the frame stays, and the cursor comes back once', () => {
  const screen = new Screen();
  assert.equal(screen.close(), '');
  screen.frame(['a'], COLUMNS);
  assert.equal(screen.close(), '\x1b[?25h');
  assert.equal(screen.close(), '');
  assert.ok(!screen.frame(['b'], COLUMNS).includes('\x1b[1A'));
});
