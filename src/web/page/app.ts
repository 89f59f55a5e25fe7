import { isFinal } from '../../tasks/model/record.ts';
import { Board } from '../view/board.ts';
import type { TailLine } from '../view/event-line.ts';
import type { StreamEvent } from '../view/sse-parser.ts';
import { inOrder, type TaskRow, taskRows } from '../view/task-rows.ts';
import type { Failure, OwnerState, SnapshotPart, WireEvent } from '../wire.ts';
import type { Api } from './api.ts';
import { askToCancel } from './cancel-dialog.ts';
import { Connection, type ConnectionState } from './connection.ts';
import { Drawer } from './drawer.ts';
import { EmptyNote } from './empty-note.ts';
import { LaneClock } from './lane-clock.ts';
import { Notice } from './notice.ts';
import { ProcessPanel } from './process-panel.ts';
import { Redraw } from './redraw.ts';
import { RowContents } from './row-contents.ts';
import { Sidebar } from './sidebar.ts';
import { Tails } from './tails.ts';
import { TaskPanel } from './task-panel.ts';
import { Tree } from './tree.ts';

/** What has no event, as time, is shown anew so often. */
const TICK_MS = 1000;

/** Who looks elsewhere for a moment finds everything as it is. */
const REST_MS = 20_000;

/** The whole page: what comes in goes to the board, and what has changed is drawn. */
export class App {
  readonly board = new Board();
  readonly #api: Api;
  readonly #redraw = new Redraw(() => this.#draw());
  readonly #folding = new Map<number, boolean>();
  readonly #notice = new Notice();
  readonly #empty: EmptyNote;
  readonly #sidebar: Sidebar;
  readonly #clock: LaneClock;
  readonly #contents: RowContents;
  readonly #tree: Tree;
  readonly #tails: Tails;
  readonly #taskPanel: TaskPanel;
  readonly #processPanel: ProcessPanel;
  readonly #drawer: Drawer;
  #isCutOff = false;
  #selectedJob = 0;
  #drawnShape = -1;
  #drawnSecond = 0;
  /** Whether other rows are wanted, though nothing came in. */
  #isAsked = true;
  #now = 0;

  constructor(api: Api) {
    this.#api = api;
    const redraw = () => this.#redraw.now();
    this.#sidebar = new Sidebar(() => this.#ask());
    this.#empty = new EmptyNote(() => this.#sidebar.reset(false));
    this.#clock = new LaneClock(() => {
      this.#tree.measure();
      redraw();
    });
    this.#contents = new RowContents(this.board, this.#clock, api, redraw);
    this.#tree = new Tree({
      contentOf: (row) => this.#contents.of(row, this.#now),
      onFold: (row) => this.#fold(row),
      onSelect: (row) => this.#select(row.jobId),
      onCancel: (row) => void this.#cancel(row),
      onOpen: () => this.#drawer.open('task'),
    });
    this.#tails = new Tails(this.board, (line) => this.#reveal(line));
    this.#drawer = new Drawer((tab) => {
      this.#tails.show(tab);
      redraw();
    });
    this.#taskPanel = new TaskPanel(this.#drawer.panel('task'));
    this.#processPanel = new ProcessPanel(this.#drawer.panel('processes'));
    setInterval(redraw, TICK_MS);
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
    this.#redraw.soon();
  }

  #takeSnapshot(part: SnapshotPart): void {
    if (!this.board.takeSnapshot(part)) return;
    this.#notice.hide();
    void this.#scrollBack(part.seq);
  }

  #takeEvents(sent: readonly WireEvent[]): void {
    const events = this.board.takeEvents(sent);
    this.#contents.observe(events);
    this.#tails.add(events);
  }

  async #scrollBack(seq: number): Promise<void> {
    try {
      this.#tails.scrollBack(await this.#api.history(seq + 1));
    } catch (error) {
      this.#notice.show(`What happened before cannot be shown: ${error}`);
    }
  }

  #setState(state: ConnectionState): void {
    this.#isCutOff = state === 'waiting';
    this.#sidebar.showState(state);
    document.body.dataset.state = state;
    if (state === 'refused') {
      this.#notice.show('This link is not valid any more. Open the one that the server printed.');
    }
    this.#redraw.now();
  }

  #ask(): void {
    this.#isAsked = true;
    this.#redraw.now();
  }

  #draw(): void {
    // Of what goes on while nothing comes in, nothing is known.
    if (!this.#isCutOff) this.#now = Date.now() + this.#api.aheadMs;
    const second = Math.floor(this.#now / TICK_MS);
    const isNew = this.#isAsked || this.board.shape !== this.#drawnShape;
    if (isNew || second !== this.#drawnSecond) this.#layOut();
    this.#drawnSecond = second;
    this.#clock.move(this.#now, this.#tree.rows, this.board, isNew);
    this.#tree.render();
    const { tab } = this.#drawer;
    if (tab === 'task') this.#taskPanel.show(this.#details());
    else if (tab === 'processes') this.#processPanel.show(this.board);
  }

  /** Which rows there are; what has ended a while ago goes with time alone. */
  #layOut(): void {
    this.#drawnShape = this.board.shape;
    this.#isAsked = false;
    const views = inOrder([...this.board.ids].flatMap((id) => this.board.view(id) ?? []));
    const rows = taskRows(views, this.#sidebar.filter, this.#folding, this.#now);
    this.#tree.setRows(rows);
    const running = this.#sidebar.count(this.board).get('running') ?? 0;
    document.title = running === 0 ? 'Tasks' : `${running} running · Tasks`;
    this.#empty.show(rows.length, this.board);
  }

  #details() {
    const { selected } = this.#tree;
    if (selected === undefined) return undefined;
    return this.#contents.details(this.#selectedJob, selected, this.#now);
  }

  #fold(row: TaskRow): void {
    this.#folding.set(row.key, row.isUnfolded === false);
    this.#ask();
  }

  #select(jobId: number): void {
    this.#selectedJob = jobId;
    this.#tails.select(jobId);
    this.#redraw.now();
  }

  /** Shows the task that a line tells of, if it is among the rows. */
  #reveal({ task }: TailLine): void {
    const row = this.#tree.rows.find(({ key }) => key === task);
    if (!row) return;
    this.#tree.select(row);
    this.#tree.reveal(row.key);
  }

  async #cancel({ jobId }: TaskRow): Promise<void> {
    const { root, job } = this.board.view(jobId) ?? {};
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
