const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

const STEPS = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e4, 'k'],
] as const;

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `12`, `9,500`, `12.3k`, `1.5M`. */
export function amountText(amount: number): string {
  if (Number.isInteger(amount) && amount < 10_000) return whole.format(amount);
  const [size, letter] = STEPS.find(([least]) => amount >= least) ?? [1, ''];
  const divisor = letter === 'k' ? 1000 : size;
  return `${fine.format(amount / divisor)}${letter}`;
}

/** `120/s`, or of what moves slower than once a second, `12/min`. */
export function rateText(perSecond: number): string {
  if (perSecond <= 0) return '0/s';
  if (perSecond >= 1) return `${amountText(perSecond)}/s`;
  if (perSecond * 60 >= 1) return `${amountText(perSecond * 60)}/min`;
  return `${amountText(perSecond * 3600)}/h`;
}

/** `640 MiB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10);
  const at = Math.min(power, BYTE_UNITS.length - 1);
  return `${fine.format(bytes / 1024 ** at)} ${BYTE_UNITS[at]}`;
}

/** `42.5%`; 100% is only what is complete. */
export function percentText(fraction: number): string {
  if (fraction >= 1) return '100%';
  return `${(Math.floor(fraction * 1000) / 10).toFixed(1)}%`;
}
