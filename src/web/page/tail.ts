import { dateText, timeOfDayText } from '../view/clock-text.ts';
import type { TailLine } from '../view/event-line.ts';
import { element } from './element.ts';
import { ShownAttribute, ShownText } from './shown.ts';
import { type Line, VirtualList } from './virtual-list.ts';

/** Older ones are let go. */
const LINES_MAX = 5000;

export const TAIL_LINE_PX = 24;

/** Lines that come at the end, and those there were before. It stays at the end while it is there. */
export class Tail {
  readonly #list: VirtualList<TailLine>;
  readonly #empty: HTMLElement;
  #lines: readonly TailLine[] = [];
  #only: number | undefined;

  constructor(panel: HTMLElement, nothing: string, onSelect: (line: TailLine) => void) {
    const holder = element('div', { class: 'lines' });
    this.#empty = element('p', { class: 'none' }, nothing);
    panel.append(this.#empty, holder);
    this.#list = new VirtualList<TailLine>({
      scroller: panel,
      holder,
      lineHeight: () => TAIL_LINE_PX,
      keyOf: ({ key }) => key,
      makeLine: () => new TailRow(onSelect),
    });
  }

  /** Puts what was there before in front of what came live. */
  setHistory(lines: readonly TailLine[]): void {
    const last = lines.at(-1)?.key ?? 0;
    const known = new Set(lines.map(identityOf));
    const live = this.#lines.filter((line) => line.key > last && !known.has(identityOf(line)));
    this.#set([...lines, ...live]);
  }

  add(lines: readonly TailLine[]): void {
    if (lines.length > 0) this.#set([...this.#lines, ...lines].slice(-LINES_MAX));
  }

  /** Shows lines of one job only. */
  setOnly(jobId: number | undefined): void {
    if (jobId === this.#only) return;
    this.#only = jobId;
    this.#set(this.#lines);
  }

  render(): void {
    this.#list.render();
  }

  scrollToEnd(): void {
    this.#list.scrollToEnd();
    this.#list.render();
  }

  #set(lines: readonly TailLine[]): void {
    this.#lines = lines;
    const only = this.#only;
    const shown = only === undefined ? lines : lines.filter(({ jobId }) => jobId === only);
    const isAtEnd = this.#list.isAtEnd;
    this.#empty.hidden = shown.length > 0;
    this.#list.setItems(shown);
    if (isAtEnd) this.#list.scrollToEnd();
    this.#list.render();
  }
}

/** What was logged while history was read comes twice, with keys of two kinds. */
function identityOf({ task, at, word, text }: TailLine): string {
  return `${task} ${at} ${word} ${text}`;
}

class TailRow implements Line<TailLine> {
  readonly node: HTMLElement;
  readonly #time = element('time');
  readonly #word = element('span', { class: 'word' });
  readonly #subject = element('span', { class: 'subject' });
  readonly #text = element('span', { class: 'said' });
  readonly #shown = {
    time: new ShownText(this.#time),
    title: new ShownAttribute(this.#time, 'title'),
    word: new ShownText(this.#word),
    subject: new ShownText(this.#subject),
    text: new ShownText(this.#text),
  };
  readonly #tone: ShownAttribute;
  #line: TailLine | undefined;

  constructor(onSelect: (line: TailLine) => void) {
    const parts = [this.#time, this.#word, this.#subject, this.#text];
    this.node = element('div', { class: 'line' }, ...parts);
    this.#tone = new ShownAttribute(this.node, 'data-tone');
    this.node.addEventListener('click', () => {
      if (this.#line) onSelect(this.#line);
    });
  }

  show(line: TailLine): void {
    this.#line = line;
    const { at, word, tone, subject, text } = line;
    this.#shown.time.set(timeOfDayText(at));
    this.#shown.title.set(dateText(at));
    this.#shown.word.set(word);
    this.#shown.subject.set(subject);
    this.#shown.text.set(text);
    this.#tone.set(tone);
  }
}
