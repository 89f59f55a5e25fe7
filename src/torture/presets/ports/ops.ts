import type { Fate } from '../../declare/declaration.ts';
import { op } from '../../declare/declaration.ts';
import type { Site } from './site.ts';

/** An exhausted range is a refusal that the store makes; a killed caller may or may not have got it. */
export const refusals: Readonly<Record<string, Fate>> = { PORTS_EXHAUSTED: 'fail', KILLED: 'info' };

/** What the ports scenarios do. Inputs are names of directories. */
export const portsOps = {
  reserve: op({
    in: (draw) => `d${draw.client}`,
    run: (site: Site, name) => site.reserve(name),
    on: refusals,
  }),
  group: op({
    in: (draw) => ({ name: `d${draw.client}`, count: 10 }),
    run: (site: Site, { name, count }) => site.reserveGroup(name, count),
    on: refusals,
  }),
  release: op({
    in: (draw) => `d${draw.client}`,
    run: (site: Site, name) => site.release(name),
  }),
  list: op({
    in: () => null,
    run: (site: Site) => site.list(),
  }),
  cleanup: op({
    in: () => null,
    run: (site: Site) => site.cleanup(),
  }),
};
