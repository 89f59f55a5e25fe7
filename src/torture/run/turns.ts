/** Numbers the turns of this thread's event loop; costs nothing in those in which nobody asks. */
export class Turns {
  #current = 0;
  #isArmed = false;

  get current(): number {
    if (!this.#isArmed) {
      this.#isArmed = true;
      setImmediate(() => {
        this.#isArmed = false;
        this.#current += 1;
      });
    }
    return this.#current;
  }
}
