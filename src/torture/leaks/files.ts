import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Everything below the directories that is no directory, with its size in bytes. */
export function filesBelow(dirs: readonly string[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const dir of dirs) {
    for (const entry of entriesOf(dir)) {
      if (entry.isDirectory()) continue;
      const path = join(entry.parentPath, entry.name);
      const size = lstatSync(path, { throwIfNoEntry: false })?.size;
      if (size !== undefined) sizes.set(path, size);
    }
  }
  return sizes;
}

function entriesOf(dir: string) {
  // A directory may go while it is being read: whoever cleans up has not finished.
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
