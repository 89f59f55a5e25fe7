import { HoldfastError, wrongArgument } from '../errors.ts';
import { FIELD_BYTES_MAX, isClean, isTooLong } from './reservation.ts';
import { someText } from './wording.ts';

/** What a caller wants of project and task: undefined keeps what is stored, null clears it. */
export interface Metadata {
  readonly project?: string | null | undefined;
  readonly task?: string | null | undefined;
}

/** What a reservation has. */
export interface StoredMetadata {
  readonly project: string | undefined;
  readonly task: string | undefined;
}

export interface MetadataPermissions {
  readonly allowProjectChange: boolean;
  readonly allowTaskChange: boolean;
}

const SURROUNDING_SPACE = /^\p{White_Space}+|\p{White_Space}+$/gu;

/**
 * The trimmed text of a project or task.
 * @throws CONFIG_INVALID when nothing is left, for NUL, and beyond 255 bytes
 */
export function cleanField(name: 'project' | 'task', text: string): string {
  const trimmed = cleanText(name, text);
  if (isTooLong(trimmed)) throw refusal(name, `Cannot be longer than ${FIELD_BYTES_MAX} bytes`);
  return trimmed;
}

/**
 * The stored text of a tag: trimmed, or '' for none.
 * @throws CONFIG_INVALID when nothing is left of a given tag, and for NUL
 */
export function cleanTag(tag: string | undefined): string {
  return tag === undefined ? '' : cleanText('tag', tag);
}

function cleanText(name: string, text: string): string {
  if (typeof text !== 'string')
    throw wrongArgument('type', `${name} must be text, not ${typeof text}`);
  const trimmed = isClean(text) ? text : text.replace(SURROUNDING_SPACE, '');
  if (trimmed === '') throw refusal(name, 'Cannot be empty');
  if (trimmed.includes('\0')) throw refusal(name, 'Cannot contain NUL');
  if (!trimmed.isWellFormed()) throw refusal(name, 'Must be well-formed Unicode');
  return trimmed;
}

/** `cleanField` for names that were only guessed: one that is not valid is no name. */
export function cleanGuess(name: 'project' | 'task', text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return cleanField(name, text);
  } catch (error) {
    if (error instanceof HoldfastError) return undefined;
    throw error;
  }
}

function refusal(name: string, reason: string): HoldfastError {
  return new HoldfastError('CONFIG_INVALID', `validation error for '${name}': ${reason}`);
}

/** `cleanField` on both fields of what a caller wants. @throws CONFIG_INVALID */
export function cleanMetadata(wanted: Metadata): Metadata {
  const { project, task } = wanted;
  return {
    project: typeof project === 'string' ? cleanField('project', project) : project,
    task: typeof task === 'string' ? cleanField('task', task) : task,
  };
}

/**
 * What a stored reservation has after a call. Both fields are sticky: a change needs permission,
 * and a refused one refuses the whole call.
 * @throws STICKY_FIELD
 */
export function mergeSticky(
  stored: StoredMetadata,
  wanted: Metadata,
  allowed: MetadataPermissions,
): StoredMetadata {
  return {
    project: sticky('project', stored.project, wanted.project, allowed.allowProjectChange),
    task: sticky('task', stored.task, wanted.task, allowed.allowTaskChange),
  };
}

function sticky(
  name: 'project' | 'task',
  stored: string | undefined,
  wanted: string | null | undefined,
  allowed: boolean,
): string | undefined {
  if (wanted === undefined) return stored;
  const next = wanted ?? undefined;
  if (next === stored || allowed) return next;
  throw new HoldfastError(
    'STICKY_FIELD',
    `cannot change sticky field '${name}': Cannot change ${name} from ${someText(stored)} to ${someText(next)} without --force or --allow-${name}-change`,
  );
}
