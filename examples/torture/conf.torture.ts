// conf keeps the settings of one program in one JSON file. Its README says near the top that
// several processes writing to one store are not supported, and promises that a crash does not tear
// the file. What is asked here is outside of its scope: this shows what that costs.
import Conf from 'conf';
import { torture, unique } from '../../src/torture.ts';

export default torture({
  name: 'conf',
  store: {
    create: ({ dir }) => dir,
    open: (dir) => new Conf<Record<string, number>>({ cwd: dir }),
  },
  ops: (op) => ({
    // No two clients ever write the same key.
    set: op({ in: unique(), run: (conf, key) => conf.set(key, 1) }),
  }),
  invariants: {
    'an acknowledged key is there': (conf, history) => {
      const kept = conf.store;
      const acknowledged = history.ok('set');
      const lost = acknowledged.filter(({ input }) => !(input in kept));
      history.note(`lost ${lost.length} of ${acknowledged.length}`);
      return lost.map((one) => ({ message: `${one.input} is gone`, operations: [one] }));
    },
  },
  expect: ['all-ok'],
});
