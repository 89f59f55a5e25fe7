const UNITS = [
  { word: 'day', letter: 'd', sizeS: 86_400 },
  { word: 'hour', letter: 'h', sizeS: 3600 },
  { word: 'minute', letter: 'm', sizeS: 60 },
  { word: 'second', letter: 's', sizeS: 1 },
] as const;

/** `2 hours 5 minutes`: the largest unit that there is one of, and the next where it is not 0. */
export function elapsedWords(ms: number): string {
  const [{ count, unit }, next] = split(ms);
  const words = [wordsOf(count, unit.word)];
  if (next && next.count > 0) words.push(wordsOf(next.count, next.unit.word));
  return words.join(' ');
}

/** `2h05m`, where there is little room. */
export function elapsedBrief(ms: number): string {
  const [{ count, unit }, next] = split(ms);
  const rest = next ? `${String(next.count).padStart(2, '0')}${next.unit.letter}` : '';
  return `${count}${unit.letter}${rest}`;
}

interface Part {
  readonly count: number;
  readonly unit: (typeof UNITS)[number];
}

function split(ms: number): readonly [Part, Part?] {
  // A clock that was set back is no reason to show less than nothing.
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const at = UNITS.findIndex(({ sizeS }) => seconds >= sizeS);
  const [unit = UNITS[3], next] = UNITS.slice(at < 0 ? 3 : at);
  const first = { count: Math.floor(seconds / unit.sizeS), unit };
  if (next === undefined) return [first];
  return [first, { count: Math.floor((seconds % unit.sizeS) / next.sizeS), unit: next }];
}

function wordsOf(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
