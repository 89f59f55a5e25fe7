import { wrongArgument } from '../../errors.ts';
import { DAMAGE_KINDS } from './damage-family.ts';
import {
  block,
  CALL_ERRORS,
  crashImages,
  damage,
  diskFull,
  type Fault,
  type FaultKind,
  failCalls,
  fileLimit,
  kill,
  pause,
  powerLoss,
  syscalls,
} from './fault.ts';
import { type InjectedAction, parseWhen, whenText } from './injection.ts';
import { Words } from './words.ts';

/** How one kind of fault is written: its options in order, and both directions. */
interface Form<F extends Fault> {
  readonly options: readonly string[];
  readonly parse: (words: Words) => F;
  /** Values in the order of `options`; undefined is left out. */
  readonly values: (fault: F) => readonly (string | undefined)[];
  /** What need not be said. */
  readonly plain?: F | undefined;
}

const FORMS: { readonly [K in FaultKind]: Form<Extract<Fault, { kind: K }>> } = {
  kill: {
    options: ['every'],
    parse: (words) => kill({ everyMs: words.durationMs('every') }),
    values: ({ everyMs }) => [durationText(everyMs)],
    plain: kill(),
  },
  pause: {
    options: ['every', 'for'],
    parse: (words) => pause({ everyMs: words.durationMs('every'), forMs: words.durationMs('for') }),
    values: ({ everyMs, forMs }) => [durationText(everyMs), durationText(forMs)],
    plain: pause(),
  },
  block: {
    options: ['every', 'for'],
    parse: (words) => block({ everyMs: words.durationMs('every'), forMs: words.durationMs('for') }),
    values: ({ everyMs, forMs }) => [durationText(everyMs), durationText(forMs)],
    plain: block(),
  },
  'crash-images': {
    options: ['every', 'limit'],
    parse: (words) =>
      crashImages({ everyMs: words.durationMs('every'), limit: words.count('limit') }),
    values: ({ everyMs, limit }) => [durationText(everyMs), `${limit}`],
    plain: crashImages(),
  },
  'power-loss': {
    options: ['limit'],
    parse: (words) => powerLoss({ limit: words.count('limit') }),
    values: ({ limit }) => [`${limit}`],
    plain: powerLoss(),
  },
  damage: {
    options: ['kinds', 'limit'],
    parse: (words) =>
      damage({ kinds: words.chosen('kinds', DAMAGE_KINDS), limit: words.count('limit') }),
    values: ({ kinds, limit }) => [kinds.join('+'), `${limit}`],
    plain: damage(),
  },
  'fail-calls': {
    options: ['errors', 'persistent'],
    parse: (words) =>
      failCalls({
        errors: words.chosen('errors', CALL_ERRORS),
        persistent: words.flag('persistent'),
      }),
    values: ({ errors, persistent }) => [errors.join('+'), persistent ? '' : undefined],
    plain: failCalls(),
  },
  'disk-full': {
    options: ['bytes'],
    parse: (words) => diskFull({ bytes: words.needed('bytes', words.sizeBytes('bytes')) }),
    values: ({ bytes }) => [sizeText(bytes)],
  },
  'file-limit': {
    options: ['descriptors'],
    parse: (words) =>
      fileLimit({ descriptors: words.needed('descriptors', words.count('descriptors')) }),
    values: ({ descriptors }) => [`${descriptors}`],
  },
  syscalls: {
    options: ['calls', 'error', 'signal', 'delay', 'when', 'paths'],
    parse: (words) => {
      const paths = words.list('paths');
      return syscalls({
        calls: words.needed('calls', words.list('calls')),
        action: actionOf(words),
        when: words.needed('when', words.parsed('when', parseWhen, '3, 3+, 3..7 or 3+2')),
        ...(paths === undefined ? {} : { paths }),
      });
    },
    values: ({ calls, action, when, paths }) => [
      calls.join('+'),
      'error' in action ? action.error : undefined,
      'signal' in action ? action.signal : undefined,
      'delayMs' in action ? durationText(action.delayMs) : undefined,
      whenText(when),
      paths === undefined ? undefined : Words.listText(paths),
    ],
  },
};

/** The names of all faults, in the order in which they are listed. */
export const FAULT_KINDS: readonly FaultKind[] = Object.keys(FORMS).filter(isFaultKind);

/**
 * A fault as it is written on a command line: its name, then options, such as `kill`,
 * `pause:every=1s,for=300ms`, `damage:kinds=truncate+flip,limit=2000`, `disk-full:bytes=1mb`.
 * Durations are in `ms`, `s` or `min`; sizes in bytes, `kb`, `mb` or `gb`, which are powers of 1,024.
 * @throws RangeError which names what there is
 */
export function parseFault(text: string): Fault {
  const colon = text.indexOf(':');
  const kind = colon < 0 ? text : text.slice(0, colon);
  if (!isFaultKind(kind)) {
    const known = FAULT_KINDS.join(', ');
    throw wrongArgument('range', `there is no fault '${kind}'; known are ${known}`);
  }
  const { options, parse } = FORMS[kind];
  return parse(new Words(kind, colon < 0 ? undefined : text.slice(colon + 1), options));
}

/** The inverse of `parseFault`. Says nothing that is so by default. */
export function faultText(fault: Fault): string {
  return textOf(FORMS[fault.kind] as Form<Fault>, fault);
}

function textOf<F extends Fault>({ options, values, plain }: Form<F>, fault: F): string {
  const usual = plain === undefined ? [] : values(plain);
  const said = values(fault).flatMap((value, index) => {
    if (value === undefined || value === usual[index]) return [];
    return value === '' ? [`${options[index]}`] : [`${options[index]}=${value}`];
  });
  return said.length === 0 ? fault.kind : `${fault.kind}:${said.join()}`;
}

function isFaultKind(text: string): text is FaultKind {
  return Object.hasOwn(FORMS, text);
}

function actionOf(words: Words): InjectedAction {
  const error = words.text('error');
  const signal = words.signal('signal');
  const delayMs = words.durationMs('delay');
  const named = [error, signal, delayMs].filter((one) => one !== undefined);
  if (named.length !== 1) throw words.wrong('needs one of error, signal and delay');
  if (error !== undefined) return { error };
  return signal === undefined ? { delayMs: delayMs ?? 0 } : { signal };
}

function durationText(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

function sizeText(bytes: number): string {
  const units = ['', 'kb', 'mb', 'gb'];
  let unit = 0;
  let size = bytes;
  while (unit < units.length - 1 && size % 1024 === 0) {
    size /= 1024;
    unit += 1;
  }
  return `${size}${units[unit]}`;
}
