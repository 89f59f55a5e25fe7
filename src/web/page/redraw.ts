/** Figures that change more than five times a second cannot be read. */
const PACE_MS = 200;

/** Draws once, however often it is asked to. */
export class Redraw {
  readonly #draw: () => void;
  #isAsked = false;
  #drawnAt = 0;
  #timer: number | undefined;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** For what comes in: at a pace. */
  soon(): void {
    const sinceMs = performance.now() - this.#drawnAt;
    this.#timer ??= setTimeout(() => this.#due(), Math.max(0, PACE_MS - sinceMs));
  }

  /** For what the reader does: in the next frame. */
  now(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#drawnAt = performance.now();
      this.#draw();
    });
  }

  #due(): void {
    this.#timer = undefined;
    this.now();
  }
}
