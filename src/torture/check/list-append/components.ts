import type { Edge } from './graph.ts';

/** Edges by the node that they leave, in one array: edge ids `starts[node]` to `starts[node + 1]`. */
export interface Adjacency {
  readonly starts: Int32Array;
  readonly edges: readonly Edge[];
}

/** The edges of some kinds. */
export function adjacencyOf(nodes: number, all: readonly Edge[], kinds: number): Adjacency {
  const edges = all.filter(({ kind }) => (kind & kinds) !== 0);
  const starts = new Int32Array(nodes + 1);
  for (const { from } of edges) starts[from + 1] = (starts[from + 1] as number) + 1;
  for (let node = 0; node < nodes; node += 1) {
    starts[node + 1] = (starts[node + 1] as number) + (starts[node] as number);
  }
  const next = starts.slice();
  const sorted = new Array<Edge>(edges.length);
  for (const edge of edges) {
    const place = next[edge.from] as number;
    sorted[place] = edge;
    next[edge.from] = place + 1;
  }
  return { starts, edges: sorted };
}

/**
 * The strongly connected component of each node, by number (Tarjan 1972, with a stack of its own:
 * a chain of 100,000 transactions would overflow the call stack). A component of one node is -1.
 */
export function componentsOf({ starts, edges }: Adjacency): Int32Array {
  const nodes = starts.length - 1;
  const component = new Int32Array(nodes).fill(-1);
  const order = new Int32Array(nodes).fill(-1);
  const low = new Int32Array(nodes);
  const isOpen = new Uint8Array(nodes);
  const cursor = starts.slice(0, nodes);
  const open: number[] = [];
  const path: number[] = [];
  let count = 0;
  let components = 0;
  const enter = (node: number) => {
    order[node] = count;
    low[node] = count;
    count += 1;
    isOpen[node] = 1;
    open.push(node);
    path.push(node);
  };
  for (let root = 0; root < nodes; root += 1) {
    if ((order[root] as number) >= 0) continue;
    enter(root);
    while (path.length > 0) {
      const node = path[path.length - 1] as number;
      const at = cursor[node] as number;
      if (at < (starts[node + 1] as number)) {
        cursor[node] = at + 1;
        const to = (edges[at] as Edge).to;
        if ((order[to] as number) < 0) enter(to);
        else if (isOpen[to] === 1) low[node] = Math.min(low[node] as number, order[to] as number);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
      if (low[node] !== order[node]) continue;
      const isAlone = open[open.length - 1] === node;
      for (let member = -1; member !== node; ) {
        member = open.pop() as number;
        isOpen[member] = 0;
        component[member] = isAlone ? -1 : components;
      }
      components += 1;
    }
  }
  return component;
}

/** A shortest way from one node to another within a component; undefined when there is none. */
export function shortestPath(
  { starts, edges }: Adjacency,
  component: Int32Array,
  from: number,
  to: number,
): readonly Edge[] | undefined {
  const cameBy = new Map<number, Edge>();
  let frontier = [from];
  while (frontier.length > 0) {
    const next: number[] = [];
    for (const node of frontier) {
      for (let at = starts[node] as number; at < (starts[node + 1] as number); at += 1) {
        const edge = edges[at] as Edge;
        if (component[edge.to] !== component[from] || cameBy.has(edge.to)) continue;
        cameBy.set(edge.to, edge);
        if (edge.to === to) return wayTo(cameBy, from, to);
        next.push(edge.to);
      }
    }
    frontier = next;
  }
  return undefined;
}

function wayTo(cameBy: ReadonlyMap<number, Edge>, from: number, to: number): readonly Edge[] {
  const way: Edge[] = [];
  for (let node = to; ; ) {
    const edge = cameBy.get(node) as Edge;
    way.push(edge);
    node = edge.from;
    if (node === from) return way.reverse();
  }
}
