import { type AsyncHook, createHook } from 'node:async_hooks';
import type { Outside, OutsideWork } from './outside-work.ts';
import { currentPlayer } from './player.ts';

type Kind = Pick<Outside, 'isRequest' | 'isComputation'>;

/** What is over when it has told its answer, but for what is a stream of its own. */
const REQUESTS = /REQ|^(Timeout|Immediate|QUERYWRAP|\w+CONNECTWRAP|\w*SENDWRAP|WRITEWRAP)$/;

/** What may tell something again and again. */
const SOURCES: ReadonlySet<string> = new Set([
  ...['TCPWRAP', 'TCPSERVERWRAP', 'PIPEWRAP', 'PIPESERVERWRAP', 'TLSWRAP', 'UDPWRAP'],
  ...['PROCESSWRAP', 'WORKER', 'MESSAGEPORT', 'FSEVENTWRAP', 'STATWATCHER', 'HTTP2SESSION'],
]);

/** Of the kinds of resources that Node has, those that matter, by name. */
const kinds = new Map<string, Kind | undefined>();

function kindOf(type: string): Kind | undefined {
  if (type === 'ZLIB') return { isRequest: false, isComputation: true };
  if (SOURCES.has(type)) return { isRequest: false, isComputation: false };
  if (!REQUESTS.test(type) || type.startsWith('HTTP')) return undefined;
  // All of `crypto`.
  return { isRequest: true, isComputation: type.endsWith('REQUEST') };
}

/** Whose is what has begun, by the number that Node gives it. */
const owners = new Map<number, OutsideWork>();

let hook: AsyncHook | undefined;
let watchers = 0;

/**
 * Until it is disposed, schedulers are told what players begin that is not simulated. That adds half
 * to the time of a schedule.
 */
export function watchForeignWork(): Disposable {
  hook ??= createHook({ init, after, destroy, trackPromises: false });
  if (watchers === 0) hook.enable();
  watchers += 1;
  const stack = new DisposableStack();
  stack.defer(() => {
    watchers -= 1;
    if (watchers > 0) return;
    hook?.disable();
    owners.clear();
  });
  return stack;
}

function init(id: number, type: string, _trigger: number, resource: object): void {
  if (type === 'TickObject') return;
  if (!kinds.has(type)) kinds.set(type, kindOf(type));
  const kind = kinds.get(type);
  if (kind === undefined) return;
  const outside = currentPlayer()?.scheduler.outside;
  if (outside === undefined) return;
  owners.set(id, outside);
  const isUnderWay = () => !kind.isComputation || hasCallback(resource);
  outside.begin({ id, name: type, isUnderWay, ...kind });
}

function after(id: number): void {
  if (owners.size > 0) owners.get(id)?.hear(id);
}

function destroy(id: number): void {
  if (owners.size === 0) return;
  owners.get(id)?.end(id);
  owners.delete(id);
}

/** Node puts it there before it begins something that is not done at once. */
function hasCallback(resource: object): boolean {
  const { ondone, cb } = resource as { readonly ondone?: unknown; readonly cb?: unknown };
  return typeof ondone === 'function' || typeof cb === 'function';
}
