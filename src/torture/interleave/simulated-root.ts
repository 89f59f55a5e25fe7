/**
 * Where the files of simulated stores seem to be: below what is no directory, so that whoever reaches
 * past the simulation finds nothing there and cannot make it either (ENOTDIR).
 */
export const SIMULATED_ROOT = '/dev/null/holdfast';

const DEPTH = SIMULATED_ROOT.split('/').length + 1;

/** Directory of the store in the schedule of that number. */
export function simulatedDir(number: number): string {
  return `${SIMULATED_ROOT}/${number}`;
}

/** A path as from the directory of the store, which has another name in each schedule. */
export function pathInStore(path: string): string {
  return path.split('/').slice(DEPTH).join('/') || '.';
}

/** A text with all paths as from the directory of the store. */
export function textInStore(text: string): string {
  return text.replaceAll(PREFIX, '');
}

const PREFIX = new RegExp(`${SIMULATED_ROOT}/\\d+/`, 'g');
