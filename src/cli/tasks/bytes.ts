import { UsageError } from '../parse.ts';

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.5 GiB` */
export function bytesText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < UNITS.length - 1; unit += 1) size /= 1024;
  return `${Math.round(size * 10) / 10} ${UNITS[unit]}`;
}

/** `4096`, `512KiB`, `1.5 GiB`: a number and its unit. @throws UsageError */
export function bytesOf(text: string): number {
  const [, count = '', letter = ''] =
    /^(\d{1,15}(?:\.\d{1,3})?) ?(?:([kmgt])i?b?)?$/i.exec(text) ?? [];
  const bytes = Number(count) * 1024 ** ' kmgt'.indexOf(letter.toLowerCase() || ' ');
  if (count !== '' && Number.isSafeInteger(Math.round(bytes))) return Math.round(bytes);
  throw new UsageError(`'${text}' is no size like 4096, 512MiB or 1.5GiB`);
}
