import type { Call } from './call.ts';
import { HistoryError } from './history-error.ts';

/** More are refused: they would not fit in memory, and no checker would end. */
const EVENTS_MAX = 20_000_000;

interface Event {
  readonly process: number;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly f: string;
  readonly key: string | undefined;
  readonly value: unknown;
}

interface Begun {
  readonly event: Event;
  readonly begin: number;
  /** Its place in the result. */
  readonly index: number;
}

/**
 * The calls of a history in Jepsen's words, as NDJSON in real-time order: the order of the lines
 * decides, `time` is not looked at. An invoke without a return stays under way for ever, also when
 * its process goes on with another.
 * @throws HistoryError
 */
export function parseHistory(text: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<number, Begun>();
  let line = 0;
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('\n', at);
    const end = next < 0 ? text.length : next;
    line += 1;
    if (line > EVENTS_MAX) throw new HistoryError(line, `more than ${EVENTS_MAX} lines`);
    const content = text.slice(at, end).trim();
    at = end + 1;
    if (content === '') continue;
    const event = eventOf(content, line);
    if (event.type === 'invoke') {
      open.set(event.process, { event, begin: line, index: calls.length });
      calls.push(callOf(event, line));
    } else {
      const begun = open.get(event.process);
      if (begun === undefined) {
        throw new HistoryError(line, `process ${event.process} returns without an invoke`);
      }
      calls[begun.index] = returned(begun, event, line);
      open.delete(event.process);
    }
  }
  return calls;
}

function callOf({ process, f, key, value }: Event, begin: number): Call {
  const end = Number.POSITIVE_INFINITY;
  return { process, f, key, input: value, output: undefined, outcome: 'info', begin, end };
}

function returned({ event, begin }: Begun, last: Event, line: number): Call {
  if (last.f !== event.f) {
    throw new HistoryError(line, `process ${event.process} invoked ${event.f}, not ${last.f}`);
  }
  if (last.key !== undefined && event.key !== undefined && last.key !== event.key) {
    throw new HistoryError(line, `process ${event.process} invoked ${event.f} on another key`);
  }
  const call = { ...callOf(event, begin), key: event.key ?? last.key };
  if (last.type === 'info') return call;
  const output = last.type === 'ok' ? last.value : undefined;
  return { ...call, output, outcome: last.type as 'ok' | 'fail', end: line };
}

function eventOf(content: string, line: number): Event {
  const refuse = (reason: string): never => {
    throw new HistoryError(line, reason);
  };
  let found: unknown;
  try {
    found = JSON.parse(content);
  } catch (error) {
    throw new HistoryError(line, `not JSON: ${(error as Error).message}`);
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    return refuse('not an object');
  }
  const { process, type, f, key, value = null } = found as Record<string, unknown>;
  if (typeof process !== 'number' || !Number.isSafeInteger(process)) {
    return refuse('`process` must be a whole number');
  }
  if (type !== 'invoke' && type !== 'ok' && type !== 'fail' && type !== 'info') {
    return refuse('`type` must be invoke, ok, fail or info');
  }
  if (typeof f !== 'string' || f === '') return refuse('`f` must name an operation');
  const name = key === undefined || key === null ? undefined : keyText(key);
  if (key !== undefined && key !== null && name === undefined) {
    return refuse('`key` must be text or a number');
  }
  return { process, type, f, key: name, value };
}

function keyText(key: unknown): string | undefined {
  if (typeof key === 'string') return key;
  return typeof key === 'number' || typeof key === 'boolean' ? String(key) : undefined;
}
