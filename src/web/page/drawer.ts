import { byId } from './element.ts';

const TABS = ['task', 'events', 'log', 'processes'] as const;

export type Tab = (typeof TABS)[number];

const HEIGHT = 'holdfast-drawer';
const LEAST_PX = 90;
const STEP_PX = 24;

/** The part below the tree: tabs, of which one is open, and a grip that makes it higher. */
export class Drawer {
  readonly #node = byId('drawer', HTMLElement);
  readonly #grip = byId('grip', HTMLElement);
  readonly #onOpen: (tab: Tab) => void;
  #tab: Tab = 'events';
  #isFolded = false;

  constructor(onOpen: (tab: Tab) => void) {
    this.#onOpen = onOpen;
    for (const tab of TABS) this.#listen(tab);
    this.#listenToGrip();
    this.#setHeight(Number(sessionStorage.getItem(HEIGHT) ?? this.#node.offsetHeight));
    this.open('events');
  }

  get tab(): Tab | undefined {
    return this.#isFolded ? undefined : this.#tab;
  }

  panel(tab: Tab): HTMLElement {
    return byId(`panel-${tab}`, HTMLElement);
  }

  open(tab: Tab): void {
    this.#tab = tab;
    this.#fold(false);
    for (const other of TABS) {
      const button = byId(`tab-${other}`, HTMLElement);
      const isOpen = other === tab;
      button.setAttribute('aria-selected', String(isOpen));
      button.tabIndex = isOpen ? 0 : -1;
      this.panel(other).hidden = !isOpen;
    }
    byId('only-this', HTMLElement).hidden = tab !== 'events' && tab !== 'log';
    this.#onOpen(tab);
  }

  #listen(tab: Tab): void {
    const button = byId(`tab-${tab}`, HTMLElement);
    button.addEventListener('click', () => {
      if (this.#tab === tab && !this.#isFolded) this.#fold(true);
      else this.open(tab);
    });
    button.addEventListener('keydown', ({ key }) => {
      const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
      const next = TABS.at((TABS.indexOf(tab) + step) % TABS.length);
      if (step === 0 || !next) return;
      this.open(next);
      byId(`tab-${next}`, HTMLElement).focus();
    });
  }

  #fold(isFolded: boolean): void {
    this.#isFolded = isFolded;
    this.#node.toggleAttribute('data-folded', isFolded);
  }

  #listenToGrip(): void {
    this.#grip.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      this.#grip.setPointerCapture(event.pointerId);
    });
    this.#grip.addEventListener('pointermove', (event) => {
      if (this.#grip.hasPointerCapture(event.pointerId)) {
        this.#setHeight(window.innerHeight - event.clientY);
      }
    });
    this.#grip.addEventListener('keydown', ({ key }) => {
      if (key === 'ArrowUp') this.#setHeight(this.#node.offsetHeight + STEP_PX);
      if (key === 'ArrowDown') this.#setHeight(this.#node.offsetHeight - STEP_PX);
    });
  }

  #setHeight(px: number): void {
    const height = Math.max(LEAST_PX, Math.min(px, window.innerHeight * 0.75));
    this.#node.style.setProperty('--drawer', `${Math.round(height)}px`);
    this.#grip.setAttribute('aria-valuenow', String(Math.round(height)));
    sessionStorage.setItem(HEIGHT, String(Math.round(height)));
    this.#onOpen(this.#tab);
  }
}
