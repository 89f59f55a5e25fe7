/** One measured figure against its goal. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  /** Undefined: a figure to stand beside the others, with no goal of its own. */
  readonly pass?: boolean;
}

export interface Bench {
  readonly name: string;
  readonly run: (note: (line: string) => void) => Promise<readonly Figure[]>;
}

/** The value below which `part` (0..1) of the samples lie. */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

export function microseconds(ms: number): string {
  return `${(ms * 1000).toFixed(ms < 0.1 ? 1 : 0)} µs`;
}

/** A figure whose ratio may be at most `limit`. */
export function atMost(what: string, ratio: number, limit: number, detail: string): Figure {
  return {
    what,
    measured: `${ratio.toFixed(2)} × (${detail})`,
    goal: `<= ${limit} ×`,
    pass: ratio <= limit,
  };
}

/** A figure whose ratio must be at least `limit`. */
export function atLeast(what: string, ratio: number, limit: number, detail: string): Figure {
  return {
    what,
    measured: `${ratio.toFixed(1)} × (${detail})`,
    goal: `>= ${limit} ×`,
    pass: ratio >= limit,
  };
}

export function printFigures(name: string, figures: readonly Figure[]): void {
  console.log(`\n${name}`);
  for (const figure of figures) {
    const verdict = figure.pass === undefined ? '    ' : figure.pass ? 'PASS' : 'MISS';
    console.log(`  ${verdict}  ${figure.what}`);
    console.log(`        ${figure.measured}${figure.goal && `   goal ${figure.goal}`}`);
  }
}
