import { wrongArgument } from '../../errors.ts';
import type { AnyDeclared } from '../declare/declaration.ts';
import type { Operation } from '../declare/operation.ts';
import type { RunMode } from '../declare/plan.ts';
import type { Counterexample } from '../judge/verdict.ts';
import { checkLinearizable } from '../order/linearizable.ts';
import { counterexampleText } from './counterexample-text.ts';
import { oneLine, printable } from './printable.ts';
import { literal } from './source-literal.ts';

interface TestFileOptions {
  /** Path of the declaration's module as an import has it, seen from the test: `./x.torture.ts`. */
  readonly module: string;
  /** Where the rig is imported from. Default `holdfast/torture`. */
  readonly library?: string | undefined;
  /** Said in a comment. */
  readonly counterexample?: Counterexample | undefined;
}

export interface RegressionTestOptions extends TestFileOptions {
  readonly mode?: RunMode | undefined;
  readonly seed?: string | undefined;
  readonly clients?: number | undefined;
  readonly operations?: number | undefined;
  /** Of a run in mode interleave: that very schedule, whatever else is said. */
  readonly replayToken?: string | undefined;
}

/**
 * Source of a `node:test` file that runs a declaration again and passes when the verdict is `ok`: the
 * one schedule of a token, else a run with the same inputs. It is JavaScript and TypeScript alike.
 */
export function regressionTest(declared: AnyDeclared, options: RegressionTestOptions): string {
  const { mode, seed, clients, operations, replayToken, counterexample } = options;
  const words =
    replayToken === undefined
      ? { mode, seed, clients, operations }
      : { mode: 'interleave', replay: replayToken };
  const said = Object.entries(words).filter(([, word]) => word !== undefined);
  const doubt = 'How real workers interleave is up to the machine, so that it may pass by luck.';
  const isExact = replayToken !== undefined || mode === 'interleave';
  return [
    comment(`'${declared.name}' broke a promise. ${isExact ? '' : doubt}`),
    ...evidence(counterexample),
    `import { test } from 'node:test';`,
    `import { expectOk, importDeclaration } from ${literal(options.library ?? LIBRARY)};`,
    '',
    `test(${literal(`${declared.name} keeps its promises`)}, async () => {`,
    `  const declaration = await ${importOf(declared, options)};`,
    `  await expectOk(declaration, ${literal(Object.fromEntries(said))});`,
    '});',
    '',
  ].join('\n');
}

export interface HistoryTestOptions extends TestFileOptions {
  readonly counterexample: Counterexample;
  /** Where those of the counterexample alone do not show it: all that does. */
  readonly operations?: readonly Operation[] | undefined;
}

/**
 * Source of a `node:test` file for what cannot be run again: it holds the history, and passes as long
 * as the model calls it illegal, so that a later `spec` does not allow it by mistake.
 * @throws RangeError when the model allows it now
 */
export function historyRegressionTest(declared: AnyDeclared, options: HistoryTestOptions): string {
  const { counterexample } = options;
  const operations = options.operations ?? counterexample.operations;
  if (checkLinearizable(declared, operations)?.kind !== 'illegal') {
    throw wrongArgument('range', `the model of '${declared.name}' allows these operations`);
  }
  return [
    comment(`A store said to be '${declared.name}' did this, which its model must not allow.`),
    ...evidence(counterexample),
    `import assert from 'node:assert/strict';`,
    `import { test } from 'node:test';`,
    `import { checkLinearizable, importDeclaration } from ${literal(options.library ?? LIBRARY)};`,
    '',
    'const operations = [',
    ...operations.map((operation) => `  ${literal(operation)},`),
    '];',
    '',
    `test(${literal(`${declared.name} does not allow what was seen`)}, async () => {`,
    `  const declaration = await ${importOf(declared, options)};`,
    `  assert.equal(checkLinearizable(declaration, operations)?.kind, 'illegal');`,
    '});',
    '',
  ].join('\n');
}

const LIBRARY = 'holdfast/torture';

function importOf({ name }: AnyDeclared, { module }: TestFileOptions): string {
  const url = `new URL(${literal(module)}, import.meta.url).href`;
  return `importDeclaration(${url}, ${literal(name)})`;
}

function evidence(counterexample: Counterexample | undefined): string[] {
  if (counterexample === undefined) return [];
  const lines = printable(counterexampleText(counterexample)).split('\n');
  // Behind the bar no line can be taken for a directive.
  return ['//', ...lines.map((line) => `// | ${oneLine(line)}`.trimEnd())];
}

function comment(text: string): string {
  return `// ${oneLine(text).trimEnd()}`;
}
