import { plainText } from '../text.ts';

interface Amount {
  readonly progress: number;
  readonly volume: number | null;
  readonly unit: string | null;
}

/** `420 of 1000 rows`, as far as it is known. */
export function amountText({ progress, volume, unit }: Amount): string {
  const text =
    volume === null ? countText(progress) : `${countText(progress)} of ${countText(volume)}`;
  return unit === null ? text : `${text} ${plainText(unit)}`;
}

/** Sums of fractions have digits that nobody counted. */
function countText(count: number): string {
  return String(Math.round(count * 1000) / 1000);
}
