import type { RunReport } from '../report.ts';
import { count, dataText, durationText, text } from './html-text.ts';
import { PLOT_WIDTH } from './plot.ts';
import { packLanes, type TimelineData, timelineData } from './timeline-data.ts';
import { drawTimeline, lanesTop, type Picture, WIDTH_PX } from './timeline-drawing.ts';

/** With more of them in view the drawing shows densities. */
const BARS_MAX = 2500;
/** Lower lanes have no room for a name each. */
const NAMED_LANE_PX = 12;

/**
 * Every operation of a run in time: a lane for each client, faults as bands behind them. At most
 * `sizeMax` operations, which the page's script lets somebody zoom into.
 */
export function timelineFigure(run: RunReport, sizeMax: number): string {
  const data = timelineData(run, sizeMax);
  if (data === undefined) return '';
  const { picture, lanes } = data;
  const view = { from: 0, to: picture.span, widthPx: WIDTH_PX, hidden: [] };
  const { shapes, words } = drawTimeline(picture, lanes, view);
  const height = heightOf(picture);
  const label = labelOf(run, data);
  return `<section class="part"><h3>Timeline</h3>
<figure class="timeline" data-picture="${dataText(picture)}" data-lanes="${packLanes(lanes)}">
<div class="lanes"><svg class="gutter" width="64" height="${height}" aria-hidden="true">${clientNames(picture)}</svg><svg class="plot" height="${height}" role="img" aria-label="${text(label)}"><svg class="shapes" width="100%" height="${height}" viewBox="0 0 ${PLOT_WIDTH} ${height}" preserveAspectRatio="none">${shapes}</svg><g class="words">${words}</g></svg></div>
<figcaption>${caption(run, data)}</figcaption>
</figure></section>`;
}

function heightOf(picture: Picture): number {
  return lanesTop(picture) + picture.clients.length * picture.laneHeight;
}

function clientNames(picture: Picture): string {
  const { clients, laneHeight } = picture;
  const every = laneHeight >= NAMED_LANE_PX ? 1 : Math.ceil(14 / laneHeight);
  const names = clients.map((client, lane) => {
    if (lane % every !== 0) return '';
    const y = lanesTop(picture) + lane * laneHeight + Math.min(laneHeight, 14) - 2;
    return `<text x="0" y="${y}">client ${client}</text>`;
  });
  return names.join('');
}

function labelOf({ faults }: RunReport, { picture, size }: TimelineData): string {
  const windows = faults.reduce((sum, fault) => sum + fault.windows.length, 0);
  const struck = windows === 0 ? '' : `, and ${windows} times at which a fault struck`;
  return `Timeline of ${size} operations of ${picture.clients.length} clients${struck}`;
}

function caption(
  { timeline, faults, outcomes }: RunReport,
  { picture, size, cutOut }: TimelineData,
): string {
  const { total } = timeline;
  const of =
    size < total
      ? `The first ${count(size)} of ${count(total)} operations`
      : `${count(size)} operations`;
  const pauses = picture.breaks.length - (picture.breaks[0]?.[0] === 0 ? 1 : 0);
  const cut =
    pauses === 0
      ? ''
      : ` Dotted: ${pauses === 1 ? 'a pause is' : `${pauses} pauses are`} cut out, ${durationText(cutOut * 1e3)} in all.`;
  const dense =
    size > BARS_MAX
      ? ' Where they are too many to be told apart, the height is the share of time spent in one.'
      : '';
  const keys = [
    key('k0', 'ok'),
    ...(outcomes.fail > 0 ? [key('k1', 'fail, did not happen')] : []),
    ...(outcomes.info > 0 ? [key('k2', 'nobody knows')] : []),
    ...(faults.some(({ windows }) => windows.length > 0) ? [key('fault', 'fault')] : []),
    ...(picture.bands.some(([, , , kind]) => kind === 'flag') ? [key('flag', 'violation')] : []),
  ];
  return `<p class="keys">${keys.join(' ')}</p><p>${of}, a lane for each client.${dense}${cut}</p>`;
}

function key(name: string, said: string): string {
  return `<span><svg class="key" width="14" height="10" aria-hidden="true"><rect class="${name}" x="1" y="${name === 'k1' ? 5 : 1}" width="12" height="${name === 'k1' ? 4 : 8}"/></svg>${said}</span>`;
}
