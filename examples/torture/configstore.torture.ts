// configstore keeps the settings of one program in one JSON file. Its README says nothing of
// several processes, for or against; it points to conf as more modern, which does not support them.
// What is asked here is therefore more than it promises.
import { join } from 'node:path';
import Configstore from 'configstore';
import { type Draw, torture } from '../../src/torture.ts';

/** No two clients ever use the same key. */
const ownKey = (draw: Draw, nth = draw.nth) => `c${draw.client}-${nth}`;

export default torture({
  name: 'configstore',
  store: {
    create: ({ dir }) => join(dir, 'config.json'),
    open: (configPath) => new Configstore('holdfast', undefined, { configPath }),
  },
  model: { init: 'absent', partition: (key: string) => key },
  ops: (op) => ({
    set: op({ in: ownKey, run: (config, key) => config.set(key, 1), spec: () => 'present' }),
    has: op({
      in: (draw) => ownKey(draw, draw.int(draw.nth + 1)),
      run: (config, key) => (config.has(key) ? 'present' : 'absent'),
      spec: (state, _key, seen) => seen === state,
    }),
  }),
  invariants: {
    'an acknowledged key is there': (config, history) => {
      const acknowledged = history.ok('set');
      const lost = acknowledged.filter(({ input }) => !config.has(input));
      history.note(`lost ${lost.length} of ${acknowledged.length}`);
      return lost.map((one) => ({ message: `${one.input} is gone`, operations: [one] }));
    },
  },
  expect: ['all-ok', 'linearizable'],
});
