import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Everything below the directories that is no directory, with its size in bytes. */
export function filesBelow(dirs: readonly string[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const dir of dirs) addFiles(dir, sizes);
  return sizes;
}

function addFiles(dir: string, sizes: Map<string, number>): void {
  for (const entry of entriesOf(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) {
      addFiles(path, sizes);
      continue;
    }
    const size = lstatSync(path, { throwIfNoEntry: false })?.size;
    if (size !== undefined) sizes.set(path, size);
  }
}

/** None when the directory goes while it is looked at: whoever cleans up has not finished. */
function entriesOf(dir: string): readonly Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
