import { HoldfastError } from '../../errors.ts';
import { importDeclaration } from '../declare/declaration.ts';
import { type Operation, shortJson } from '../declare/operation.ts';
import type { Violation } from '../judge/verdict.ts';
import type { RunReport } from '../report/report.ts';
import type { Interleaved, InterleaveJob } from '../run/protocol.ts';
import { offStage } from './player.ts';
import { beat, beatOn, Pulse } from './pulse.ts';
import { runInterleaved } from './run-interleaved.ts';
import { heldUpText } from './standstill.ts';
import { unfitReport } from './sum.ts';
import { endThreadBy } from './within-step.ts';

/** Ends this thread whatever its code does; taken before a run replaces it. */
const { exit } = process;

/**
 * Interleaves a declaration in this thread. Where code cannot be ended that holds the thread up,
 * `tell` is given what there is to say, and the thread ends.
 * @throws HoldfastError
 */
export async function interleave(
  { module, declaration, options, pulse: memory }: InterleaveJob,
  tell: (interleaved: Interleaved) => void,
): Promise<Interleaved> {
  const startedAt = performance.now();
  const declared = await importDeclaration(module, declaration);
  const pulse = new Pulse(memory);
  beatOn(pulse);
  beat();
  endThreadBy((heldUp) => {
    // This is called by the code that cannot be ended.
    offStage(() => {
      const known = { reason: heldUpText(heldUp), durationMs: performance.now() - startedAt };
      tell(unfitReport(declared, options, known));
      exit(1);
    });
  });
  const onProgress: NonNullable<Parameters<typeof runInterleaved>[1]['onProgress']> = (progress) =>
    pulse.tell({ ...progress, tried: progress.repeat });
  try {
    return sendable(await runInterleaved(declared, { ...options, onProgress }));
  } catch (error) {
    if (error instanceof HoldfastError || !(error instanceof Error)) throw error;
    return error;
  }
}

/** What a store has answered may be of no use but where it is: then in words. */
function sendable(report: RunReport): RunReport {
  try {
    structuredClone(report);
    return report;
  } catch {
    return { ...report, violations: report.violations.map(inWords) };
  }
}

function inWords(violation: Violation): Violation {
  const { counterexample, operations } = violation;
  return {
    ...violation,
    operations: operations.map(operationInWords),
    counterexample: counterexample && {
      ...counterexample,
      operations: counterexample.operations.map(operationInWords),
    },
  };
}

function operationInWords(operation: Operation): Operation {
  const { input, output } = operation;
  return { ...operation, input: shortJson(input), output: shortJson(output) };
}
