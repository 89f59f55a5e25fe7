import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type TaskEvent, Tasks } from '../../src/tasks.ts';
import { Crew } from './crew.ts';
import { faultsIn, folded, wholeLog, wholeTable } from './log.ts';
import type { RoundWorker } from './round-worker.ts';

export const PROCESSES = 10;

/**
 * So many rounds, each in a new directory: ten processes open the same new store and register a job
 * of their own, one of an id that all want, and one of an id that each takes from the one before.
 */
export async function runRounds(
  rounds: number,
  note: (line: string) => void = () => undefined,
): Promise<readonly string[]> {
  const script = join(import.meta.dirname, 'round-worker.ts');
  const violations: string[] = [];
  await using crew = new Crew<RoundWorker>(script, PROCESSES);
  for (let round = 1; round <= rounds && violations.length === 0; round += 1) {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-round-'));
    const faults = await runRound(crew, join(dir, 'data'));
    violations.push(...faults.map((fault) => `round ${round}: ${fault}`));
    rmSync(dir, { recursive: true });
    if (round % 10 === 0) note(`${round} of ${rounds} rounds`);
  }
  return violations;
}

async function runRound(crew: Crew<RoundWorker>, dir: string): Promise<readonly string[]> {
  const faults: string[] = [];
  const expect = (what: string, found: unknown, expected: unknown) => {
    if (isDeepStrictEqual(found, expected)) return;
    faults.push(`${what}: ${JSON.stringify(found)} and not ${JSON.stringify(expected)}`);
  };
  const raced = await crew.all('race', (nth) => [dir, nth]);
  const losers = Array(PROCESSES - 1).fill('CONFLICT');
  expect('one id', raced.map(({ rejected }) => rejected).toSorted(), [...losers, 'won']);
  const generations = raced.map(({ generation }) => generation);
  expect(
    'generations',
    generations.toSorted((a, b) => a - b),
    upTo(PROCESSES),
  );

  await using tasks = await Tasks.open({ dir, database: 'rounds', user: 'all' });
  const databases = await tasks.databases();
  expect(
    'databases',
    databases.map(({ name, jobs }) => [name, jobs]),
    [['rounds', PROCESSES + 2]],
  );
  const log = await wholeLog(tasks);
  const replacements = log.filter((event) => 'job' in event && event.job === 'replace');
  expect('replacements', replacements.map(shownReplacement), expectedReplacements(replacements));
  expect('the last of them', (await tasks.get('replace'))?.job.generation, PROCESSES);

  const started = await crew.all('start', () => []);
  const last = generations.map((generation) => (generation === PROCESSES ? 'started' : 'DETACHED'));
  expect(
    'starts',
    started,
    last.map((outcome) => ['started', outcome]),
  );
  const wholeNow = await wholeLog(tasks);
  faults.push(...faultsIn(wholeNow));
  expect('the log', folded(wholeNow), await wholeTable(tasks));
  await crew.all('leave', () => []);
  return faults;
}

/** Kind, generation, and whose place it takes. */
function shownReplacement(event: TaskEvent): readonly unknown[] {
  if (event.kind === 'stored') return ['stored', event.record.generation, null];
  if (event.kind !== 'replaced') return [event.kind];
  return ['replaced', event.record.generation, event.former];
}

/** One after the other, in the order of commits. */
function expectedReplacements(events: readonly TaskEvent[]): readonly unknown[] {
  return upTo(PROCESSES).map((generation) => {
    const before = events[generation - 2];
    const former = before && 'jobId' in before ? before.jobId : null;
    return [generation === 1 ? 'stored' : 'replaced', generation, former];
  });
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
