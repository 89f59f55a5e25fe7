/** What a store of tasks says no with, as an answer like others: a model knows when it must come. */
export type Refusal = 'CONFLICT' | 'DETACHED' | 'ILLEGAL_TRANSITION';

/** Answers `ok` where there is nothing to tell. */
export async function orRefusal<T>(
  answer: Promise<T>,
): Promise<Refusal | (T extends void ? 'ok' : T)> {
  try {
    const found = await answer;
    return (found === undefined ? 'ok' : found) as T extends void ? 'ok' : T;
  } catch (error) {
    if (error instanceof Error && 'code' in error && isRefusal(error.code)) return error.code;
    throw error;
  }
}

function isRefusal(value: unknown): value is Refusal {
  return value === 'CONFLICT' || value === 'DETACHED' || value === 'ILLEGAL_TRANSITION';
}
