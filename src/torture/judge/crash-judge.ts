import { renameSync, rmSync } from 'node:fs';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import { writeImage } from '../faults/directory-image.ts';
import type { CrashImage } from '../run/nemesis.ts';
import type { Repetition } from '../run/repetition.ts';
import type { Inspection } from './inspector.ts';
import { type Judgement, type JudgeOptions, judge } from './judge.ts';

/** A repetition that is over, and where its store is. */
export interface Crashed {
  readonly declared: AnyDeclared;
  readonly shared: unknown;
  readonly repetition: Repetition;
  readonly dir: string;
}

export interface ImageOptions extends JudgeOptions {
  /** Has somebody who was not there read what is left after these operations. */
  readonly inspect: (operations: readonly Operation[]) => Promise<Inspection | undefined>;
}

/**
 * Judges each image as if everybody had been killed then: the store is opened on it, and what is
 * read from it must go with what had been answered before. The images take the place of the store's
 * directory one by one, because the store may know that path and no other.
 */
export async function* judgeImages(
  { declared, shared, repetition, dir }: Crashed,
  images: readonly CrashImage[],
  { inspect, ...options }: ImageOptions,
): AsyncGenerator<Judgement, void> {
  if (images.length === 0) return;
  const whole = `${dir}.whole`;
  renameSync(dir, whole);
  try {
    for (const { image, from, to } of images) {
      writeImage(image, dir);
      const operations = before(repetition.operations, from, to);
      const found = await judge(
        declared,
        shared,
        { ...repetition, operations },
        { ...options, inspection: await inspect(operations) },
      );
      yield {
        ...found,
        violations: found.violations.map((one) => ({ ...one, ...told(one, from) })),
      };
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
    renameSync(whole, dir);
  }
}

function told({ message }: { readonly message: string }, at: number): { readonly message: string } {
  return { message: `after a crash at ${(at / 1e6).toFixed(1)} ms: ${message}` };
}

/**
 * A history that ends in a crash some time between two moments. What returned in between may have
 * happened or not when the files were copied, as what was in flight.
 */
export function before(
  operations: readonly Operation[],
  from: number,
  to: number,
): readonly Operation[] {
  return operations
    .filter(({ invokedAt }) => invokedAt <= to)
    .map((operation) => {
      const { returnedAt, outcome } = operation;
      const isKnown = returnedAt !== undefined && (returnedAt <= from || outcome === 'fail');
      return isKnown
        ? operation
        : { ...operation, output: undefined, outcome: 'info' as const, returnedAt: undefined };
    });
}
