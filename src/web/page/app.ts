import { isFinal } from '../../tasks/model/record.ts';
import { pathOf } from '../../tasks/model/tree.ts';
import { Board } from '../view/board.ts';
import { eventLine, keptLine, logEventLine, type TailLine } from '../view/event-line.ts';
import { comparisonOf } from '../view/former-runs.ts';
import type { JobView } from '../view/job-view.ts';
import { Pace } from '../view/pace.ts';
import { curveOf } from '../view/rate-history.ts';
import { type RowFigures, rowFigures } from '../view/row-figures.ts';
import type { StreamEvent } from '../view/sse-parser.ts';
import { laneOf } from '../view/task-lane.ts';
import { inOrder, type TaskRow, taskRows } from '../view/task-rows.ts';
import { type TimeWindow, windowOf } from '../view/time-axis.ts';
import type { Failure, History, OwnerState, SnapshotPart, WireEvent } from '../wire.ts';
import type { Api } from './api.ts';
import { askToCancel } from './cancel-dialog.ts';
import { Connection, type ConnectionState } from './connection.ts';
import { Drawer } from './drawer.ts';
import { byId } from './element.ts';
import { EmptyNote } from './empty-note.ts';
import { FormerDurations } from './former-durations.ts';
import { Notice } from './notice.ts';
import { ProcessPanel } from './process-panel.ts';
import { Sidebar } from './sidebar.ts';
import { Tail } from './tail.ts';
import { TaskPanel } from './task-panel.ts';
import { TimeOverlay } from './time-overlay.ts';
import { Tree } from './tree.ts';
import { CURVE, type RowContent } from './tree-row.ts';

/** What has no event, as time, is shown anew so often. */
const TICK_MS = 1000;

/** Who looks elsewhere for a moment finds everything as it is. */
const REST_MS = 20_000;

const DRAW_MS = 200;

const LANE_STEP_PX = 2;

/** The whole page: what comes in goes to the board, and what has changed is drawn once a frame. */
export class App {
  readonly board = new Board();
  readonly #api: Api;
  readonly #pace = new Pace();
  readonly #folding = new Map<number, boolean>();
  readonly #durations: FormerDurations;
  readonly #notice = new Notice();
  readonly #empty: EmptyNote;
  readonly #sidebar: Sidebar;
  readonly #tree: Tree;
  readonly #overlay: TimeOverlay;
  readonly #drawer: Drawer;
  readonly #events: Tail;
  readonly #log: Tail;
  readonly #taskPanel: TaskPanel;
  readonly #processPanel: ProcessPanel;
  readonly #span = byId('span', HTMLSelectElement);
  readonly #ofJob = byId('of-job', HTMLInputElement);
  #state: ConnectionState = 'connecting';
  #selectedJob: number | undefined;
  #drawnShape = -1;
  #isFilterNew = true;
  #isAsked = false;
  #drawnAt = 0;
  #timer: number | undefined;
  #now = Date.now();
  #window: TimeWindow = { from: 0, to: 1 };
  /** The moment that lanes show. */
  #laneNow = 0;
  #isLaneNew = true;

  constructor(api: Api) {
    this.#api = api;
    const soon = () => this.#draw();
    this.#durations = new FormerDurations(api, soon);
    this.#sidebar = new Sidebar(() => {
      this.#isFilterNew = true;
      soon();
    });
    this.#empty = new EmptyNote(() => this.#sidebar.reset(false));
    this.#tree = new Tree({
      contentOf: (row) => this.#contentOf(row),
      onFold: (row) => this.#fold(row),
      onSelect: (row) => this.#select(row.jobId),
      onCancel: (row) => void this.#cancel(row),
      onOpen: () => this.#drawer.open('task'),
    });
    this.#overlay = new TimeOverlay(() => {
      this.#tree?.measure();
      this.#isLaneNew = true;
      soon();
    });
    this.#drawer = new Drawer((tab) => this.#opened(tab));
    const reveal = (line: TailLine) => this.#reveal(line);
    this.#events = new Tail(this.#drawer.panel('events'), 'Nothing has happened yet.', reveal);
    this.#log = new Tail(this.#drawer.panel('log'), 'No warnings, no log lines.', reveal);
    this.#taskPanel = new TaskPanel(this.#drawer.panel('task'));
    this.#processPanel = new ProcessPanel(this.#drawer.panel('processes'));
    this.#span.addEventListener('change', () => {
      this.#isLaneNew = true;
      soon();
    });
    this.#ofJob.addEventListener('change', () => this.#narrowTails());
    setInterval(soon, TICK_MS);
  }

  run(): Promise<void> {
    const connection = new Connection(this.#api, {
      onEvent: (event) => this.#take(event),
      onState: (state) => this.#setState(state),
    });
    restWhileHidden(connection);
    return connection.run();
  }

  #take({ event, data }: StreamEvent): void {
    if (event === 'snapshot') this.#takeSnapshot(JSON.parse(data) as SnapshotPart);
    else if (event === 'events') this.#takeEvents(JSON.parse(data) as readonly WireEvent[]);
    else if (event === 'owners') this.board.takeOwners(JSON.parse(data) as readonly OwnerState[]);
    else if (event === 'failure') this.#notice.show((JSON.parse(data) as Failure).message);
    this.#drawSoon();
  }

  #takeSnapshot(part: SnapshotPart): void {
    if (!this.board.takeSnapshot(part)) return;
    this.#notice.hide();
    void this.#scrollBack(part.seq);
  }

  #takeEvents(sent: readonly WireEvent[]): void {
    const events = this.board.takeEvents(sent);
    this.#pace.observe(events);
    this.#events.add(events.flatMap((event) => eventLine(event, this.board) ?? []));
    this.#log.add(events.flatMap((event) => logEventLine(event, this.board) ?? []));
  }

  /** What happened before the snapshot, and what it said. */
  async #scrollBack(seq: number): Promise<void> {
    let history: History;
    try {
      history = await this.#api.history(seq + 1);
    } catch (error) {
      this.#notice.show(`What happened before cannot be shown: ${error}`);
      return;
    }
    const events = new Board().takeEvents(history.events);
    this.#events.setHistory(events.flatMap((event) => eventLine(event, this.board) ?? []));
    this.#log.setHistory(history.log.map(keptLine));
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#sidebar.showState(state);
    document.body.dataset.state = state;
    if (state === 'refused') {
      this.#notice.show('This link is not valid any more. Open the one that the server printed.');
    }
    this.#draw();
  }

  /** What comes in is drawn five times a second: figures that change faster cannot be read. */
  #drawSoon(): void {
    const sinceMs = performance.now() - this.#drawnAt;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#draw();
      },
      Math.max(0, DRAW_MS - sinceMs),
    );
  }

  /** Once in the next frame, however often it is asked for until then. */
  #draw(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#drawnAt = performance.now();
      this.#drawNow();
    });
  }

  #drawNow(): void {
    this.#now = Date.now();
    const isNew = this.board.shape !== this.#drawnShape || this.#isFilterNew;
    const second = Math.floor(this.#now / TICK_MS);
    if (isNew) this.#isLaneNew = true;
    if (isNew || second !== this.#drawnSecond) this.#layOut();
    this.#drawnSecond = second;
    this.#moveTime();
    this.#tree.render();
    this.#drawDrawer();
  }

  #drawnSecond = 0;

  /** Which rows there are; what has ended a while ago goes with time alone. */
  #layOut(): void {
    this.#drawnShape = this.board.shape;
    this.#isFilterNew = false;
    const views = inOrder([...this.board.ids].flatMap((id) => this.board.view(id) ?? []));
    const rows = taskRows(views, this.#sidebar.filter, this.#folding, this.#now);
    this.#tree.setRows(rows);
    const counts = this.#sidebar.count(this.board);
    document.title = titleOf(counts.get('running') ?? 0);
    this.#empty.show(rows.length, this.board.size, this.#state);
  }

  /** Lanes follow time in steps that can be seen, and not with every frame. */
  #moveTime(): void {
    const { from, to } = this.#window;
    const stepMs = Math.min(
      TICK_MS,
      ((to - from) / Math.max(this.#overlay.width, 1)) * LANE_STEP_PX,
    );
    const isNear = Math.abs(this.#now - this.#laneNow) < stepMs;
    if (isNear && !this.#isLaneNew) return;
    this.#isLaneNew = false;
    this.#laneNow = this.#now;
    this.#window = this.#timeWindow();
    this.#overlay.render(this.#window, this.#now);
  }

  #timeWindow(): TimeWindow {
    const spanMs = this.#span.value === '' ? null : Number(this.#span.value);
    let from = Number.POSITIVE_INFINITY;
    let to = Number.NEGATIVE_INFINITY;
    for (const row of this.#tree.rows) {
      const root = row.depth === 0 ? this.board.view(row.jobId)?.root : undefined;
      if (!root?.startedAt) continue;
      from = Math.min(from, root.startedAt);
      to = Math.max(to, root.finishedAt ?? this.#now);
    }
    return windowOf(spanMs, from <= to ? { from, to } : undefined, this.#now);
  }

  #contentOf(row: TaskRow): RowContent | undefined {
    const view = this.board.view(row.jobId);
    const task = view?.tree.byId.get(row.key);
    if (!view || !task) return undefined;
    const now = this.#now;
    const { figures, remainingMs } = this.#figuresOf(view, row.key);
    const rates = task.status === 'running' ? this.#pace.recentRates(task.id, now) : [];
    return {
      figures,
      lane: laneOf(view, task, remainingMs, this.#window, this.#overlay.width, this.#laneNow),
      curve: curveOf(rates, CURVE.width, CURVE.height),
    };
  }

  #figuresOf(view: JobView, id: number): { figures: RowFigures; remainingMs: number | null } {
    const task = view.tree.byId.get(id);
    if (!task) throw new Error(`no task ${id}`);
    const now = this.#now;
    const durations = this.#durations.of(view);
    const estimate = this.#pace.estimates(view, durations, now).get(id);
    const remainingMs = this.#pace.remainingMs(id, estimate, now);
    const former = isFinal(task.status) ? durations.get(pathOf(task, view.tree.byId)) : undefined;
    const comparison = former && comparisonOf(task, former);
    const owner = this.board.owners.get(view.job.owner);
    const basis = { view, task, estimate, remainingMs, comparison, owner, now };
    return { figures: rowFigures(basis), remainingMs };
  }

  #drawDrawer(): void {
    const { tab } = this.#drawer;
    if (tab === 'task') this.#drawTask();
    else if (tab === 'processes') this.#processPanel.show(this.board);
  }

  #drawTask(): void {
    const view = this.#selectedJob === undefined ? undefined : this.board.view(this.#selectedJob);
    const task = view?.tree.byId.get(this.#tree.selected ?? -1);
    if (!view || !task) {
      this.#taskPanel.show(undefined);
      return;
    }
    const { figures } = this.#figuresOf(view, task.id);
    const owner = this.board.owners.get(view.job.owner);
    this.#taskPanel.show({ view, task, figures, owner, durations: this.#durations.of(view) });
  }

  #opened(tab: string): void {
    if (tab === 'events') this.#events?.scrollToEnd();
    if (tab === 'log') this.#log?.scrollToEnd();
    this.#draw();
  }

  #fold(row: TaskRow): void {
    this.#folding.set(row.key, row.isUnfolded === false);
    this.#isFilterNew = true;
    this.#draw();
  }

  #select(jobId: number): void {
    this.#selectedJob = jobId;
    this.#narrowTails();
    this.#draw();
  }

  #narrowTails(): void {
    const only = this.#ofJob.checked ? this.#selectedJob : undefined;
    this.#events.setOnly(only);
    this.#log.setOnly(only);
  }

  /** Shows the task that a line tells of, if it is among the rows. */
  #reveal({ task }: TailLine): void {
    const row = this.#tree.rows.find(({ key }) => key === task);
    if (!row) return;
    this.#tree.select(row);
    this.#tree.reveal(row.key);
  }

  async #cancel(row: TaskRow): Promise<void> {
    const view = this.board.view(row.jobId);
    const { root, job } = view ?? {};
    if (!root || !job || isFinal(root.status) || job.cancelRequestedAt !== null) return;
    if (!(await askToCancel(`${root.name} (${job.job})`))) return;
    try {
      await this.#api.cancel({ database: job.database, user: job.user, job: job.job });
    } catch (error) {
      this.#notice.show(`Asking to cancel failed: ${error}`);
    }
  }
}

/**
 * A browser has six connections for all tabs of one server. One that nobody looks at gives its own
 * back, and when somebody does it is told what it has missed.
 */
function restWhileHidden(connection: Connection): void {
  let timer: number | undefined;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => connection.setWanted(false), REST_MS);
    else connection.setWanted(true);
  });
}

function titleOf(running: number): string {
  return running === 0 ? 'Tasks' : `${running} running · Tasks`;
}
