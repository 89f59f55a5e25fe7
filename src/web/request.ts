import { HTTPException } from 'hono/http-exception';
import type { CancelRequest, DurationsRequest } from './wire.ts';

/** More tasks than are on any screen. */
const PATHS_MAX = 2000;

/** @throws HTTPException 400 for anything else */
export function cancelRequestOf(body: unknown): CancelRequest {
  const { database, user, job } = recordOf(body);
  return { database: textOf(database), user: textOf(user), job: textOf(job) };
}

/** @throws HTTPException 400 for anything else */
export function durationsRequestOf(body: unknown): DurationsRequest {
  const { database, paths } = recordOf(body);
  if (!Array.isArray(paths) || paths.length > PATHS_MAX) throw wrong();
  return { database: textOf(database), paths: paths.map(textOf) };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw wrong();
  return { ...value };
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw wrong();
  return value;
}

function wrong(): HTTPException {
  return new HTTPException(400, { message: 'This is not what is asked for here.' });
}
