/** Growth a step, with an interval that holds the true one in at least 95 % of all series. */
export interface Slope {
  readonly perStep: number;
  readonly low: number;
  readonly high: number;
}

/** With fewer values no pair of bounds reaches 95 %. */
export const SLOPE_VALUES_MIN = 5;

/**
 * Slope of values that are one step apart: the median of the slopes of all pairs (Theil 1950, Sen
 * 1968), which a value out of line does not move. The bounds come from the exact distribution of
 * Kendall's S; values that are equal make them wider than they need be, never narrower.
 * @throws {RangeError} with fewer values than `SLOPE_VALUES_MIN`
 */
export function robustSlope(values: readonly number[]): Slope {
  if (values.length < SLOPE_VALUES_MIN) {
    throw new RangeError(`a slope takes ${SLOPE_VALUES_MIN} values, not ${values.length}`);
  }
  const slopes = pairSlopes(values);
  const count = slopes.length;
  const outside = (count - (criticalScore(values.length) - 2)) / 2;
  const at = (index: number) => slopes[index] as number;
  const middle = count >> 1;
  return {
    perStep: count % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    low: at(outside - 1),
    high: at(count - outside),
  };
}

/** In rising order. */
function pairSlopes(values: readonly number[]): Float64Array {
  const slopes = new Float64Array((values.length * (values.length - 1)) / 2);
  let next = 0;
  for (const [from, first] of values.entries()) {
    for (let to = from + 1; to < values.length; to += 1) {
      slopes[next] = ((values[to] as number) - first) / (to - from);
      next += 1;
    }
  }
  return slopes.sort();
}

/** Chance of one side. */
const TAIL = 0.025;

/** The least k for which S >= k has a chance of at most `TAIL` when there is no trend. */
function criticalScore(length: number): number {
  const pairs = (length * (length - 1)) / 2;
  const chances = inversionChances(length);
  let tail = 0;
  let inversions = 0;
  // S is the pairs that rise less those that fall: pairs - 2 * inversions.
  while (tail + (chances[inversions] as number) <= TAIL) {
    tail += chances[inversions] as number;
    inversions += 1;
  }
  return pairs - 2 * (inversions - 1);
}

/** Chance of each number of inversions in a random order (Mahonian numbers over n!). */
function inversionChances(length: number): Float64Array {
  let chances = Float64Array.of(1);
  for (let items = 2; items <= length; items += 1) {
    const wider = new Float64Array(chances.length + items - 1);
    for (const [inversions, chance] of chances.entries()) {
      for (let added = 0; added < items; added += 1) {
        wider[inversions + added] = (wider[inversions + added] as number) + chance / items;
      }
    }
    chances = wider;
  }
  return chances;
}
