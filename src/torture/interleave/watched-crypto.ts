import { currentPlayer } from './player.ts';
import { replace } from './replace.ts';

type Method = (...args: unknown[]) => Promise<unknown>;

/** Negative, as Node's own are not. */
let lastId = 0;

/**
 * Until `stack` is disposed, schedulers are told what players ask of WebCrypto. For Node it looks
 * the same as what is computed at once.
 */
export function watchCrypto(stack: DisposableStack): void {
  const home: object = Object.getPrototypeOf(crypto.subtle);
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(home))) {
    if (typeof value === 'function' && name !== 'constructor') {
      replace(stack, home, name, watched(`subtle.${name}`, value));
    }
  }
}

function watched(name: string, original: Method): Method {
  return function (this: unknown, ...args) {
    const answer = original.apply(this, args);
    const outside = currentPlayer()?.scheduler.outside;
    if (outside === undefined) return answer;
    lastId -= 1;
    const id = lastId;
    outside.begin({ id, name, isRequest: true, isComputation: true, isUnderWay: () => true });
    const hear = () => outside.hear(id);
    answer.then(hear, hear);
    return answer;
  };
}
