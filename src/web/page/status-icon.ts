import type { TaskStatus } from '../../tasks/model/record.ts';
import { drawing } from './element.ts';

const PATHS: Readonly<Record<TaskStatus, string>> = {
  pending: 'M8 3.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0 -9Z',
  running: 'M6 4.2v7.6L12 8Z',
  finished: 'M3.5 8.5l3 3l6 -7',
  failed: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  canceled: 'M8 3.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0 -9ZM5 11l6 -6',
  lost: 'M5.7 6.2a2.3 2.3 0 1 1 3.4 2c-.8 .5 -1.1 .9 -1.1 1.7M8 12.4v.1',
};

/** A small drawing of a status, which changes with it. */
export class StatusIcon {
  readonly node: SVGSVGElement;
  readonly #path = drawing('path');
  #status: TaskStatus | undefined;

  constructor() {
    const box = { viewBox: '0 0 16 16', width: '16', height: '16' };
    this.node = drawing('svg', { ...box, class: 'status', role: 'img' }, this.#path);
  }

  show(status: TaskStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#path.setAttribute('d', PATHS[status]);
    this.node.setAttribute('data-status', status);
    this.node.setAttribute('aria-label', status);
  }
}
