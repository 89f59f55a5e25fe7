import { type Adjacency, adjacencyOf, componentsOf, shortestPath } from './components.ts';
import { type Edge, edgeText, REAL_TIME, RW, WR, WW } from './graph.ts';
import type { Transaction } from './transaction.ts';
import type { Anomaly } from './versions.ts';

/** Edges from which a shortest cycle is sought, at most: one cycle tells as much as another. */
const TRIES_MAX = 200;

/**
 * A cycle of transactions that each must come before the next, by the worst name that it has
 * (Adya's; "Generalized isolation level definitions", 2000): first without regard to real time.
 */
export function findCycle(
  transactions: readonly Transaction[],
  edges: readonly Edge[],
): Anomaly | undefined {
  const nodes = transactions.length;
  const component = componentsOf(adjacencyOf(nodes, edges, WW | WR | RW | REAL_TIME));
  const circular = edges.filter(
    ({ from, to }) => component[from] !== -1 && component[from] === component[to],
  );
  if (circular.length === 0) return undefined;
  for (const time of [0, REAL_TIME]) {
    for (const { name, kinds, first } of CLASSES) {
      const cycle = cycleOf(nodes, circular, kinds | time, first);
      if (cycle) return anomalyOf(transactions, cycle, name);
    }
  }
  return undefined;
}

interface CycleClass {
  readonly name: string;
  /** What the rest of the cycle is made of. */
  readonly kinds: number;
  /** What one edge of it is at least. */
  readonly first: number;
}

const CLASSES: readonly CycleClass[] = [
  { name: 'G0 (write cycle)', kinds: WW, first: WW },
  { name: 'G1c (circular information flow)', kinds: WW | WR, first: WR },
  { name: 'G-single (read skew)', kinds: WW | WR, first: RW },
  { name: 'G2 (write skew)', kinds: WW | WR | RW, first: RW },
];

/** A shortest cycle of an edge of kind `first` and a way back over edges of `kinds`. */
function cycleOf(
  nodes: number,
  edges: readonly Edge[],
  kinds: number,
  first: number,
): readonly Edge[] | undefined {
  const all = adjacencyOf(nodes, edges, kinds | first);
  const component = componentsOf(all);
  const ways = first === RW && (kinds & RW) === 0 ? adjacencyOf(nodes, edges, kinds) : all;
  let best: readonly Edge[] | undefined;
  let tries = 0;
  for (const edge of all.edges) {
    const isInside = component[edge.from] === component[edge.to] && component[edge.from] !== -1;
    if (!isInside || (edge.kind & first) === 0) continue;
    const back = wayBack(ways, component, edge);
    if (back && (best === undefined || back.length + 1 < best.length)) best = [edge, ...back];
    tries += 1;
    if (best?.length === 2 || (best && tries > TRIES_MAX)) break;
  }
  return best;
}

function wayBack(
  ways: Adjacency,
  component: Int32Array,
  { from, to }: Edge,
): readonly Edge[] | undefined {
  return shortestPath(ways, component, to, from);
}

function anomalyOf(
  transactions: readonly Transaction[],
  cycle: readonly Edge[],
  name: string,
): Anomaly {
  const isTimed = cycle.some(({ kind }) => kind === REAL_TIME);
  const called = isLostUpdate(transactions, cycle) ? 'lost update (G-single)' : name;
  const sentences = cycle.map((edge) => edgeText(edge));
  const round = cycle.map(({ from }) => `T${from}`);
  const text = `${[...round, round[0]].join(' < ')}: ${sentences.join('; ')}`;
  return {
    name: isTimed ? `${called}, in real time` : called,
    text,
    transactions: [...new Set(cycle.map(({ from }) => from))],
  };
}

/** Two transactions that read the same version of a key and then both appended to it. */
function isLostUpdate(transactions: readonly Transaction[], cycle: readonly Edge[]): boolean {
  const [a, b] = cycle.map(({ from }) => transactions[from]);
  if (cycle.length !== 2 || a === undefined || b === undefined) return false;
  if (!cycle.some(({ kind }) => kind === RW) || cycle.some(({ kind }) => kind === REAL_TIME)) {
    return false;
  }
  return updatedKeys(a).some(([key, read]) =>
    updatedKeys(b).some(([other, its]) => other === key && its === read),
  );
}

/** Keys that a transaction read and later appended to, with what it read. */
function updatedKeys({ steps }: Transaction): readonly (readonly [string, string])[] {
  return steps.flatMap((step, at) => {
    if (step.kind !== 'read' || step.values === undefined) return [];
    const { key, values } = step;
    const isUpdated = steps.slice(at).some((later) => later.kind === 'append' && later.key === key);
    return isUpdated ? [[key, values.join()] as const] : [];
  });
}
