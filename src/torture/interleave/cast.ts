import type { AnyDeclared } from '../declare/declaration.ts';
import { watchForeignWork } from './foreign-work.ts';
import { importInstance } from './instances.ts';
import { loadAs } from './simulated-processes.ts';
import { type Scene, simulate, type Take } from './simulation.ts';
import { OBSERVER, type Strategy } from './step.ts';
import { ReplayStrategy } from './strategy.ts';

/** A store that does not do the same twice may need some. */
const ATTEMPTS = 3;

/**
 * The declaration as each client has it, and last as the observer has it. Modules stay loaded from
 * one schedule to the next. Those of a client that did not come to its end may hold on to what it
 * had, such as a lock in memory, which no process finds when it starts; so they are loaded anew
 * before anything is blamed on the store.
 */
export class Cast {
  readonly #declared: AnyDeclared;
  readonly #instances: AnyDeclared[];
  /** Places of those that were left in the midst of something. */
  readonly #stained = new Set<number>();
  #isUsed = false;
  #isUsedTwice = false;
  /** Before the last schedule. */
  #was = { isUsed: false, isStained: false };

  private constructor(declared: AnyDeclared, instances: AnyDeclared[]) {
    this.#declared = declared;
    this.#instances = instances;
  }

  static async load(declared: AnyDeclared, clients: number): Promise<Cast> {
    const instances: AnyDeclared[] = [];
    for (let place = 0; place <= clients; place += 1) {
      const client = place < clients ? place : OBSERVER;
      instances.push(await loadAs(client, () => importInstance(declared)));
    }
    return new Cast(declared, instances);
  }

  /** The very array, in which others take the place of those that are loaded anew. */
  get instances(): readonly AnyDeclared[] {
    return this.#instances;
  }

  async play(scene: Scene, strategy: Strategy): Promise<Take> {
    this.#was = { isUsed: this.#isUsed, isStained: this.#stained.size > 0 };
    this.#isUsedTwice = this.#isUsed;
    this.#isUsed = true;
    const take = await simulate(scene, strategy);
    for (const client of take.unfinished) this.#stained.add(this.#placeOf(client));
    return take;
  }

  /**
   * A schedule that was just played, and broke a promise, as it is with modules loaded anew: those
   * that were left in the midst of something, and all of them where it must be `sure`. Undefined when
   * it breaks that promise no more.
   */
  async confirm(
    scene: Scene,
    take: Take,
    { promise, sure }: { readonly promise: string; readonly sure: boolean },
  ): Promise<Take | undefined> {
    const { isUsed, isStained } = this.#was;
    let found: Take | undefined = take;
    if (isStained) found = await this.#again(scene, found, promise, this.#stained);
    if (found && sure && isUsed) {
      found = await this.#again(scene, found, promise, this.#instances.keys());
    }
    return found;
  }

  /** The same with modules loaded anew, however often they were used. */
  replay(scene: Scene, take: Take, promise: string): Promise<Take | undefined> {
    const places = this.#isUsedTwice ? this.#instances.keys() : this.#stained;
    return this.#again(scene, take, promise, places);
  }

  async #again(
    scene: Scene,
    take: Take,
    promise: string,
    places: Iterable<number>,
  ): Promise<Take | undefined> {
    using _ = watchForeignWork();
    await this.#renew(places);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const again = await this.play(scene, new ReplayStrategy(take.choices));
      if (again.violations.some(({ invariant }) => invariant === promise)) return again;
      await this.#renew(this.#stained);
    }
    return undefined;
  }

  async #renew(places: Iterable<number>): Promise<void> {
    for (const place of [...places]) {
      const client = place < this.#instances.length - 1 ? place : OBSERVER;
      this.#instances[place] = await loadAs(client, () => importInstance(this.#declared));
      this.#stained.delete(place);
    }
  }

  /** The observer is the last. */
  #placeOf(client: number): number {
    return client < 0 ? this.#instances.length - 1 : client;
  }
}
