import type { Operation } from '../../declare/operation.ts';
import type { Standing } from '../../order/standing.ts';

/** An operation and where it stands, in px. */
export interface PlacedOperation {
  readonly operation: Operation;
  readonly standing: Standing;
  readonly asked: string;
  readonly answered: string;
  readonly from: number;
  readonly to: number;
  /** Of the lane; a client has several where one operation never returned and others followed. */
  readonly row: number;
  /** Where it took effect, in the order that explains most of them. */
  readonly point: number | undefined;
}

export interface LaneLayout {
  readonly lanes: readonly { readonly client: number; readonly rows: number }[];
  readonly placed: readonly PlacedOperation[];
  readonly width: number;
}

/** An operation as it is to be laid out. */
export interface Labelled {
  readonly operation: Operation;
  readonly standing: Standing;
  readonly asked: string;
  readonly answered: string;
}

/** Of a letter of 13 px in a monospaced face, and what stands left and right of a label. */
const LETTER_PX = 7.9;
const LABEL_PADDING_PX = 22;
const EVENT_GAP_PX = 22;
const POINT_GAP_PX = 30;
/** Space left and right of everything. */
const MARGIN_PX = 14;

interface Moment {
  readonly at: number;
  readonly kind: 'begin' | 'end' | 'point';
  readonly one: Labelled;
}

/**
 * Lays operations out by what came before what, not to scale: each bar is as wide as its label at
 * least, and points at which operations took effect stand in their order, each within its bar.
 */
export function layOutLanes(labelled: readonly Labelled[]): LaneLayout {
  const moments = withPoints(momentsOf(labelled), labelled);
  const begins = new Map<Labelled, number>();
  const ends = new Map<Labelled, number>();
  const points = new Map<Labelled, number>();
  let x = MARGIN_PX;
  moments.forEach(({ kind, one }, index) => {
    const before = moments[index - 1]?.kind;
    if (before !== undefined) {
      x += kind === 'point' || before === 'point' ? POINT_GAP_PX / 2 : EVENT_GAP_PX;
      if (kind === 'point' && before === 'point') x += POINT_GAP_PX / 2;
    }
    if (kind === 'end') x = Math.max(x, (begins.get(one) ?? 0) + labelWidth(one));
    ({ begin: begins, end: ends, point: points })[kind].set(one, x);
  });
  const open = labelled.filter((one) => !ends.has(one));
  const right = Math.max(
    x + EVENT_GAP_PX,
    ...open.map((one) => (begins.get(one) ?? 0) + labelWidth(one)),
  );
  const placed = labelled.map((one) => {
    const from = begins.get(one) ?? 0;
    return { ...one, from, to: ends.get(one) ?? right, point: points.get(one), row: 0 };
  });
  return { ...inRows(placed), width: Math.ceil(right + MARGIN_PX) };
}

function labelWidth({ asked, answered }: Labelled): number {
  return Math.max(asked.length, answered.length) * LETTER_PX + LABEL_PADDING_PX;
}

function momentsOf(labelled: readonly Labelled[]): Moment[] {
  const moments = labelled.flatMap((one): Moment[] => {
    const { invokedAt, returnedAt } = one.operation;
    const begin: Moment = { at: invokedAt, kind: 'begin', one };
    return returnedAt === undefined ? [begin] : [begin, { at: returnedAt, kind: 'end', one }];
  });
  // At the same time they overlap: what ends has begun, and what begins has not come after it.
  return moments.sort((a, b) => a.at - b.at || Number(a.kind === 'end') - Number(b.kind === 'end'));
}

/** Puts the points in: each after that before it and as early as its operation lets it be. */
function withPoints(moments: readonly Moment[], labelled: readonly Labelled[]): Moment[] {
  const ordered = labelled
    .filter(({ standing }) => typeof standing === 'number')
    .sort((a, b) => Number(a.standing) - Number(b.standing));
  const after = new Map<number, Moment[]>();
  let place = 0;
  for (const one of ordered) {
    const begin = moments.findIndex((moment) => moment.one === one && moment.kind === 'begin');
    const end = moments.findIndex((moment) => moment.one === one && moment.kind === 'end');
    place = Math.max(place, begin);
    // In an order that real time allows this never moves it.
    if (end >= 0) place = Math.min(place, end - 1);
    after.set(place, [...(after.get(place) ?? []), { at: 0, kind: 'point', one }]);
  }
  return moments.flatMap((moment, index) => [moment, ...(after.get(index) ?? [])]);
}

/** Lanes by client, each with as many rows as it needs for no two bars to overlap. */
function inRows(placed: readonly PlacedOperation[]): Pick<LaneLayout, 'lanes' | 'placed'> {
  const byClient = Map.groupBy(placed, ({ operation }) => operation.process);
  const clients = [...byClient].sort(([a], [b]) => a - b);
  const rowed = clients.map(([client, own]) => {
    const ends: number[] = [];
    const bars = own.map((bar) => {
      const free = ends.findIndex((end) => end <= bar.from);
      const row = free < 0 ? ends.length : free;
      ends[row] = bar.to;
      return { ...bar, row };
    });
    return { client, rows: ends.length, bars };
  });
  return { lanes: rowed, placed: rowed.flatMap(({ bars }) => bars) };
}
