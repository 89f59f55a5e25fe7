import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Document } from 'yaml';
import { monotonicMs } from '../../engine/clock.ts';
import { prepareDirectory } from '../../engine/files.ts';
import { lockTimeout, WriterLock } from '../../engine/lock.ts';
import { HoldfastError } from '../../errors.ts';
import { locate, ParseFault } from './fields.ts';
import { isFile, readSettled, type Snapshot } from './file.ts';
import type { ConfigLayer } from './layer.ts';
import { replaceFile } from './replace.ts';
import { readSettings, rulesOf } from './schema.ts';
import { isBlank, parseText, parseYaml, syntaxOf, type Yaml, yamlValue } from './syntax.ts';

export interface EditOptions {
  /** Where the lock is that all edits of configuration files take turns by. */
  readonly dataDir: string;
  /** 5,000 by default. */
  readonly lockTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A configuration file as an edit finds it. */
export interface Draft {
  readonly yaml: Yaml;
  readonly document: Document;
  /** What the file says. */
  readonly settings: ConfigLayer;
}

const LOCK_TIMEOUT_MS = 5000;

/** An edit begins again when another program wrote the file meanwhile; that often at most. */
const ATTEMPTS_MAX = 20;

/** Runs `body` while no other process edits a configuration file with the same data directory. */
export async function withConfigLock<T>(
  { dataDir, lockTimeoutMs = LOCK_TIMEOUT_MS, signal }: EditOptions,
  body: () => Promise<T>,
): Promise<T> {
  prepareDirectory(dataDir);
  const lock = new WriterLock(join(dataDir, 'config.lock'));
  try {
    if (!(await lock.acquire(monotonicMs() + lockTimeoutMs, signal))) {
      signal?.throwIfAborted();
      throw lockTimeout(lock, lockTimeoutMs, false);
    }
    try {
      return await body();
    } finally {
      lock.release();
    }
  } finally {
    lock.close();
  }
}

/**
 * Lets `edit` change the document of a YAML file, which keeps comments and the order of keys, and
 * replaces the file in one step; a file that is not there begins empty. `edit` answers undefined
 * to leave the file alone. It may run several times: with processes that edit through here it
 * takes turns, and when any other program writes the file meanwhile it begins again.
 * @throws CONFIG_INVALID when the file is not valid before; it is not touched then
 * @throws LOCK_TIMEOUT, READ_ONLY, DISK_FULL, IO_ERROR
 */
export async function editFile<T>(
  file: string,
  options: EditOptions,
  edit: (draft: Draft) => T | undefined,
): Promise<T | undefined> {
  refuseOtherSyntax(file);
  const yaml = await import('yaml');
  return withConfigLock(options, async () => {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const target = isFile(file) ? realpathSync.native(file) : file;
      const { draft, seen } = await readDraft(yaml, file, target);
      const result = edit(draft);
      if (result === undefined) return undefined;
      const text = await render(draft, seen, file);
      if (replaceFile(target, text, seen)) return result;
    }
    throw new HoldfastError('IO_ERROR', `cannot edit ${file}: another program keeps writing it`);
  });
}

/** What a YAML file says, as `editFile` would find it. @throws CONFIG_INVALID */
export async function readDraftSettings(file: string): Promise<ConfigLayer> {
  refuseOtherSyntax(file);
  const { draft } = await readDraft(await import('yaml'), file, file);
  return draft.settings;
}

function refuseOtherSyntax(file: string): void {
  if (syntaxOf(file) === 'yaml') return;
  throw new HoldfastError('CONFIG_INVALID', `cannot edit ${file}: only YAML files can be edited`);
}

async function readDraft(
  yaml: Yaml,
  file: string,
  target: string,
): Promise<{ draft: Draft; seen: Snapshot | undefined }> {
  try {
    const found = await readSettled(target, async (seen) => ({
      draft: draftOf(yaml, file, seen.text),
      seen,
    }));
    return found ?? { draft: draftOf(yaml, file, ''), seen: undefined };
  } catch (error) {
    throw locate(file, error);
  }
}

function draftOf(yaml: Yaml, file: string, text: string): Draft {
  const document = parseYaml(yaml, text);
  const value = isBlank(text) ? undefined : yamlValue(document);
  return { yaml, document, settings: readSettings(value, rulesOf(file)) };
}

async function render(
  { document }: Draft,
  seen: Snapshot | undefined,
  file: string,
): Promise<string> {
  try {
    const text = document.toString({ lineWidth: 0 });
    const native = seen?.text.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
    // What we could not read again must not get into the file.
    readSettings(await parseText('yaml', native), rulesOf(file));
    return native;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const reason = cause instanceof ParseFault ? cause.message : 'it uses anchors and aliases';
    throw new HoldfastError('CONFIG_INVALID', `cannot edit ${file}: ${reason}`, { cause });
  }
}
