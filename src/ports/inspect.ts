import { stat } from 'node:fs/promises';
import type { Engine } from '../engine/engine.ts';
import type { Inspection } from './cleanup.ts';
import type { Ledger } from './ledger.ts';
import type { Reservation } from './reservation.ts';

/** Looks at once; libuv has four threads, and more would only queue there. */
const LOOKS_AT_ONCE = 16;

/** Why a directory could not be looked at, in trop's words, and what to do about it. */
const OBSTACLES: Readonly<Record<string, readonly [string, string]>> = {
  EACCES: ['permission denied', 'Grant search permission on its parents and prune again.'],
  EPERM: ['permission denied', 'Grant search permission on its parents and prune again.'],
  ELOOP: ['symlink loop', 'Repair the symbolic links, or release the reservation.'],
  EIO: ['transient I/O error', 'Check the file system and prune again.'],
  EAGAIN: ['transient I/O error', 'Prune again later.'],
  EINTR: ['transient I/O error', 'Prune again later.'],
  ETIMEDOUT: ['transient I/O error', 'Check the mount and prune again.'],
  ESTALE: ['transient I/O error', 'Check the mount and prune again.'],
};

type Look = 'directory' | 'missing' | { readonly warning: string };

/**
 * Looks at every reserved directory once, links followed. Missing is what is not there or is no
 * directory; what cannot be looked at counts as present.
 */
export async function inspectDirectories(engine: Engine, ledger: Ledger): Promise<Inspection> {
  const missing: Reservation[] = [];
  const warnings: string[] = [];
  let last: Reservation | undefined;
  let known: { readonly path: string; readonly look: Look } | undefined;
  for (;;) {
    const after = last;
    const page = await engine.read(() => ledger.page(after?.path ?? '', after?.tag ?? ''));
    const looks = await lookAtAll(new Set(page.map((row) => row.path)), known);
    for (const row of page) {
      const look = looks.get(row.path);
      if (look === 'missing') missing.push(row);
    }
    for (const [path, look] of looks) {
      if (typeof look === 'object' && path !== known?.path) warnings.push(look.warning);
    }
    last = page.at(-1);
    if (last === undefined) return { missing, warnings };
    known = { path: last.path, look: looks.get(last.path) ?? 'directory' };
  }
}

/** A directory whose rows go on from the page before is not looked at again. */
async function lookAtAll(
  paths: ReadonlySet<string>,
  known: { readonly path: string; readonly look: Look } | undefined,
): Promise<ReadonlyMap<string, Look>> {
  const looks = new Map<string, Look>();
  const queue = paths.values();
  const worker = async (): Promise<void> => {
    for (const path of queue) {
      looks.set(path, path === known?.path ? known.look : await lookAt(path));
    }
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, worker));
  return looks;
}

async function lookAt(path: string): Promise<Look> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'missing';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
    const [kind, advice] = OBSTACLES[code ?? ''] ?? ['unexpected error', 'Prune again later.'];
    return {
      warning: `could not inspect reserved directory ${path} (${kind}: ${message}); reservation preserved by prune. ${advice}`,
    };
  }
}
