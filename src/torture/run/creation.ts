import { describeError } from './perform.ts';

/** Lines of a stack that a reader needs to find the place. */
const FRAMES_MAX = 8;

/** Of the rig itself, which only calls the store. */
const RIG = /\/torture\/(?:declare|interleave|judge|run|world)\//;

/** What is said of a store that threw when it was created: a fault of its own, with its stack. */
export function creationFailure(error: unknown): string {
  const { code, message } = describeError(error);
  return [`create failed: ${code}: ${message}`, ...framesOf(error)].join('\n');
}

function framesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return frames
    .filter((line) => !line.includes('node:internal/') && !RIG.test(line))
    .map((line) => `  ${line.trim().replace(/\?holdfast-client=\d+/, '')}`)
    .slice(0, FRAMES_MAX);
}
