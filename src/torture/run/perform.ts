import type { AnyDeclared, Fate } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';

/** An operation that has begun. */
export type Begun = Pick<Operation, 'process' | 'phase' | 'round' | 'f' | 'input' | 'invokedAt'>;

/** Calls the store, and answers what came of it at the time of `clock`. Never rejects. */
export async function perform(
  declared: AnyDeclared,
  store: unknown,
  begun: Begun,
  clock: () => number,
): Promise<Operation> {
  try {
    const output: unknown = await declared.ops[begun.f]?.run(store, begun.input);
    return { ...begun, output, outcome: 'ok', returnedAt: clock() };
  } catch (error) {
    const returnedAt = clock();
    return { ...begun, ...failureOf(declared, begun.f, error), returnedAt };
  }
}

/** What a thrown error means for an operation. */
export function failureOf(
  declared: AnyDeclared,
  f: string,
  error: unknown,
): Pick<Operation, 'output' | 'outcome' | 'error' | 'isBug'> {
  const { code, message } = describeError(error);
  const fate: Fate = declared.ops[f]?.on?.[code] ?? 'bug';
  return {
    output: undefined,
    outcome: fate === 'fail' ? 'fail' : 'info',
    error: `${code}: ${message}`,
    isBug: fate === 'bug',
  };
}

/** What the `on` table looks up, and what the report shows. */
export function describeError(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'THROWN', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { code, message: error.message };
}
