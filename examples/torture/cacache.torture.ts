// cacache is the store of npm's cache. Its README promises use by many at once without locks, and
// that races of processes corrupt nothing: each entry is a file of its own. It holds here. It does
// not promise that reading an entry and writing it back is one step, and that is not asked.
import cacache from 'cacache';
import { type Draw, torture } from '../../src/torture.ts';

/** No two clients ever use the same key. */
const ownKey = (draw: Draw, nth = draw.nth) => `c${draw.client}-${nth}`;

/** The text that was put under a key, if it is the right one. */
const look = async (cache: string, key: string) => {
  const entry = await cacache.get.info(cache, key);
  return entry && (await cacache.get(cache, key)).data.toString() === key ? 'present' : 'absent';
};

export default torture({
  name: 'cacache',
  store: { create: ({ dir }) => dir, open: (dir) => dir },
  model: { init: 'absent', partition: (key: string) => key },
  ops: (op) => ({
    put: op({
      in: ownKey,
      run: async (cache, key) => String(await cacache.put(cache, key, key)),
      spec: () => 'present',
    }),
    get: op({
      in: (draw) => ownKey(draw, draw.int(draw.nth + 1)),
      run: look,
      spec: (state, _key, seen) => seen === state,
    }),
  }),
  invariants: {
    'an acknowledged entry is there': async (cache, history) => {
      const acknowledged = history.ok('put');
      const seen = await Promise.all(acknowledged.map(({ input }) => look(cache, input)));
      const lost = acknowledged.filter((_, at) => seen[at] === 'absent');
      history.note(`lost ${lost.length} of ${acknowledged.length}`);
      return lost.map((one) => ({ message: `${one.input} is gone`, operations: [one] }));
    },
  },
  expect: ['all-ok', 'linearizable'],
});
