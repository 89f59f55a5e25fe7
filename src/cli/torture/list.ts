/** What a line of the list shows of a scenario. */
interface Listed {
  readonly id: string;
  readonly store: string;
  readonly crews: readonly { readonly workers: number; readonly operations: number }[];
  readonly asserts: string;
  readonly isAvailable: boolean;
  readonly isOurs?: boolean | undefined;
}

const TITLES = ['id', 'store', 'workers × ops', 'asserts', 'available'];

/** Scenarios as an aligned table, a block for each store, and how many there are. */
export function scenarioList(scenarios: readonly Listed[]): string {
  const stores = [...Map.groupBy(scenarios, ({ store }) => store).values()];
  const blocks = stores.map((ofStore) => ofStore.map(cellsOf));
  const rows = [TITLES, ...blocks.flat()];
  const widths = TITLES.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  const text = blocks.map((block) => block.map(lineOf).join('\n'));
  return `${[lineOf(TITLES), ...text, countOf(scenarios)].join('\n\n')}\n`;
}

function cellsOf({ id, store, crews, asserts, isAvailable, isOurs }: Listed): readonly string[] {
  const work = crews.map(({ workers, operations }) => `${workers} × ${operations}`).join(' + ');
  return [id, store, work, asserts, isAvailable ? (isOurs ? 'yes, ours' : 'yes') : '-'];
}

function countOf(scenarios: readonly Listed[]): string {
  const ours = scenarios.filter(({ isOurs }) => isOurs).length;
  const available = scenarios.filter(({ isAvailable }) => isAvailable).length;
  return `${scenarios.length - ours} scenarios of the seeds, ${ours} of ours; ${available} available`;
}
