import { text } from './html-text.ts';

/** Words to type into a terminal; the page's script adds a button that copies them. */
export function command(title: string, words: string): string {
  return `<div class="command"><span>${title}</span><code>${text(words, 4000)}</code></div>`;
}
