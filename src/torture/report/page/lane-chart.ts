import type { Operation } from '../../declare/operation.ts';
import type { Standing } from '../../order/standing.ts';
import type { OperationClock } from '../operation-clock.ts';
import { cut, oneLine, valueText } from '../printable.ts';
import { px, text } from './html-text.ts';
import { type LaneLayout, layOutLanes, type PlacedOperation } from './lane-layout.ts';

const ROW_PX = 72;
const BAR_TOP_PX = 18;
const BAR_PX = 44;
const POINT_PX = 9;
/** Of one line of a label. */
const LABEL_MAX = 30;
/** Of what a pointer brings up. */
const TITLE_MAX = 300;

/**
 * Operations as lanes, one for each client, drawn by what came before what. Where an order is known
 * its numbers stand on the bars, joined by a line, and what has no place in it is crossed.
 */
export function laneChart(
  operations: readonly Operation[],
  standings: ReadonlyMap<Operation, Standing>,
  clock: OperationClock,
): string {
  const layout = layOutLanes(
    operations.map((operation) => ({
      operation,
      standing: standings.get(operation),
      asked: askedText(operation),
      answered: answeredText(operation),
    })),
  );
  const tops = topsOf(layout);
  const height = layout.lanes.reduce((sum, { rows }) => sum + rows * ROW_PX, 0);
  const yOf = ({ operation, row }: PlacedOperation) =>
    (tops.get(operation.process) ?? 0) + row * ROW_PX + BAR_TOP_PX;
  const rules = [...tops.values()].map((y) => `<path class="rule" d="M0 ${y}.5H${layout.width}"/>`);
  const names = layout.lanes.map(
    ({ client }) =>
      `<text x="0" y="${(tops.get(client) ?? 0) + BAR_TOP_PX + BAR_PX / 2 + 4}">client ${client}</text>`,
  );
  const boxes = layout.placed.map((one) => box(one, yOf(one)));
  const words = layout.placed.map((one) => wordsOf(one, yOf(one), titleOf(one, clock)));
  const order = inOrder(layout);
  const line = order.map((one) => `${px(one.point ?? 0)},${yOf(one)}`).join(' ');
  return `<div class="lanes"><svg class="gutter" width="64" height="${height}" aria-hidden="true">${names.join('')}</svg><div class="scroll" tabindex="0" role="group" aria-label="Operations by client"><svg class="calls" width="${layout.width}" height="${height}" role="img" aria-label="${text(labelOf(layout))}">${rules.join('')}${boxes.join('')}<polyline class="order" points="${line}"/>${words.join('')}</svg></div></div>`;
}

function topsOf({ lanes }: LaneLayout): ReadonlyMap<number, number> {
  const tops = new Map<number, number>();
  let y = 0;
  for (const { client, rows } of lanes) {
    tops.set(client, y);
    y += rows * ROW_PX;
  }
  return tops;
}

function inOrder({ placed }: LaneLayout): PlacedOperation[] {
  return placed
    .filter(({ point }) => point !== undefined)
    .sort((a, b) => Number(a.standing) - Number(b.standing));
}

function box(placed: PlacedOperation, y: number): string {
  const { operation, from, to } = placed;
  const shape =
    operation.returnedAt === undefined
      ? `<path class="box" d="M${px(to)} ${y}H${px(from)}v${BAR_PX}H${px(to)}"/>`
      : `<rect class="box" x="${px(from)}" y="${y}" width="${px(to - from)}" height="${BAR_PX}" rx="3"/>`;
  return `<g class="${classOf(placed)}">${shape}</g>`;
}

/** What stands on a box, with all there is to say of it for a pointer that rests there. */
function wordsOf(placed: PlacedOperation, y: number, title: string): string {
  const { standing, from, to, asked, answered, point } = placed;
  const x = px(from + 10);
  const mark = standing === 'none' ? cross((from + to) / 2, y) : numberAt(point, y, standing);
  return `<g class="${classOf(placed)}"><title>${text(title)}</title><rect class="rest" x="${px(from)}" y="${y}" width="${px(to - from)}" height="${BAR_PX}"/><text x="${x}" y="${y + 21}">${text(asked)}</text><text class="answer" x="${x}" y="${y + 36}">${text(answered)}</text>${mark}</g>`;
}

/** All there is to say of an operation. */
function titleOf({ operation, standing }: PlacedOperation, clock: OperationClock): string {
  const { process, f, input, invokedAt, returnedAt } = operation;
  const end = returnedAt === undefined ? '' : clock.place(returnedAt);
  const asked = input === undefined || input === null ? f : `${f} ${valueText(input, TITLE_MAX)}`;
  const said = `client ${process} ${cut(asked, TITLE_MAX)} ${answeredText(operation, TITLE_MAX)}`;
  const wrong = standing === 'none' ? ', has no place in the order' : '';
  return `${said} (${clock.unit} ${clock.place(invokedAt)}–${end})${wrong}`;
}

function classOf({ operation, standing }: PlacedOperation): string {
  return `call ${operation.outcome}${standing === 'none' ? ' wrong' : ''}`;
}

function numberAt(x: number | undefined, y: number, standing: Standing): string {
  if (x === undefined) return '';
  return `<circle class="point" cx="${px(x)}" cy="${y}" r="${POINT_PX}"/><text class="place" x="${px(x)}" y="${y + 4}" text-anchor="middle">${standing}</text>`;
}

function cross(x: number, y: number): string {
  const arm = 3.5;
  return `<circle class="point" cx="${px(x)}" cy="${y}" r="${POINT_PX}"/><path class="place" d="M${px(x - arm)} ${y - arm}l${2 * arm} ${2 * arm}m0 -${2 * arm}l-${2 * arm} ${2 * arm}"/>`;
}

function askedText({ f, input }: Operation): string {
  const value = input === undefined || input === null ? '' : ` ${valueText(input, LABEL_MAX)}`;
  return cut(oneLine(cut(`${f}${value}`, LABEL_MAX)), LABEL_MAX);
}

/** What came of it, as one short line. */
export function answeredText(operation: Operation, lengthMax = LABEL_MAX): string {
  const { outcome, output, error, returnedAt } = operation;
  const said = error === undefined ? '' : `: ${cut(error, lengthMax)}`;
  const answer = output === undefined ? 'ok' : `→ ${valueText(output, lengthMax)}`;
  const open = returnedAt === undefined && said === '' ? 'never returned' : `${outcome}${said}`;
  return cut(oneLine(outcome === 'ok' ? answer : open), lengthMax);
}

/** The whole picture as a sentence. */
function labelOf(layout: LaneLayout): string {
  const say = ({ operation, asked, answered }: PlacedOperation) =>
    `client ${operation.process} ${asked} ${answered}`;
  const order = inOrder(layout).map((one) => `${one.standing}: ${say(one)}`);
  const wrong = layout.placed.filter(({ standing }) => standing === 'none').map(say);
  return [
    `${layout.placed.length} operations of ${layout.lanes.length} clients`,
    ...(order.length > 0 ? [`in this order: ${order.join('; ')}`] : []),
    ...(wrong.length > 0 ? [`without a place in it: ${wrong.join('; ')}`] : []),
  ].join('. ');
}
