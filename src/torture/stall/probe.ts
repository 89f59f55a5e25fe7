import { within } from './within.ts';

/** What the JavaScript of a stuck worker is at. */
export interface Probed {
  /** Innermost first; none when its event loop waits. */
  readonly frames: readonly string[];
  /** What the event loop waits for. */
  readonly pending: readonly string[];
}

/** Evaluates an expression in the worker. Never settles when the worker cannot answer. */
export type Evaluate = (expression: string) => Promise<unknown>;

/** Asks a worker through its inspector; undefined when it has not answered in time. */
export async function probe(evaluate: Evaluate, waitMs: number): Promise<Probed | undefined> {
  const endsAt = performance.now() + waitMs;
  const stack = (await within(evaluate(STACK_PROBE), waitMs)) as Answer | undefined;
  if (!stack) return undefined;
  const handles = await within(evaluate(HANDLE_PROBE), Math.max(0, endsAt - performance.now()));
  return {
    frames: framesOf(stack.stack),
    pending: pendingOf(stack.active, (handles as readonly Handle[] | undefined) ?? []),
  };
}

interface Answer {
  readonly stack: string;
  readonly active: readonly string[];
}

/** The part of a diagnostic report's `libuv` that is used. */
interface Handle {
  readonly type: string;
  readonly is_active: boolean;
  readonly is_referenced?: boolean;
  readonly filename?: string | null;
  readonly pid?: number;
  readonly remoteEndpoint?: { readonly host: string; readonly port: number } | null;
}

/** Marks the frames that are ours. */
const PROBE = 'holdfast-probe';

const STACK_PROBE = `(() => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  return { stack, active: process.getActiveResourcesInfo() };
})()
//# sourceURL=${PROBE}`;

// A question of its own: it waits for the worker threads that a store may have.
const HANDLE_PROBE = `(() => {
  process.report.excludeNetwork = true;
  return process.report.getReport().libuv;
})()
//# sourceURL=${PROBE}`;

/** More would hide what matters. */
const LINES_MAX = 12;

function framesOf(stack: string): string[] {
  const lines = stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ''))
    .filter((line) => !line.includes(PROBE));
  // Node's own way to whoever it called says nothing.
  const last = lines.findLastIndex((line) => !line.includes('node:internal/'));
  return lines.slice(0, last < 0 ? LINES_MAX : Math.min(last + 1, LINES_MAX));
}

function pendingOf(active: readonly string[], handles: readonly Handle[]): string[] {
  const counts = Map.groupBy(active, (type) => type);
  const kinds = [...counts].map(([type, all]) =>
    all.length === 1 ? type : `${type} ×${all.length}`,
  );
  const details = handles
    .filter((handle) => handle.is_active && handle.is_referenced)
    .map(detailOf)
    .filter((detail) => detail !== undefined);
  return [...kinds, ...details].slice(0, LINES_MAX);
}

function detailOf({ type, filename, pid, remoteEndpoint }: Handle): string | undefined {
  if (filename) return `watches ${filename}`;
  if (type === 'process' && pid !== undefined) return `waits for process ${pid}`;
  if (remoteEndpoint) return `connected to ${remoteEndpoint.host}:${remoteEndpoint.port}`;
  return undefined;
}
