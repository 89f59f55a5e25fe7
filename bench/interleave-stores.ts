import { illegal, torture } from '../src/torture.ts';

function next(count: number, step: number, answer: number) {
  return answer === count + step ? answer : illegal(`${answer} does not follow ${count}`);
}

/** A number in memory, to which is added in one step. */
export const sound = torture({
  name: 'one step',
  store: {
    create: () => ({ count: 0 }),
    open: (box, world) => world.instrument({ add: (step: number) => (box.count += step) }),
  },
  model: { init: 0 },
  ops: (op) => ({ add: op({ in: () => 1, run: (box, step) => box.add(step), spec: next }) }),
  expect: ['linearizable'],
});

/** The same in two. */
export const lossy = torture({
  name: 'two steps',
  store: {
    create: () => ({ count: 0 }),
    open: (box, world) =>
      world.instrument({
        read: () => box.count,
        write: (count: number) => {
          box.count = count;
        },
      }),
  },
  model: { init: 0 },
  ops: (op) => ({
    add: op({
      in: () => 1,
      run: async (box, step) => {
        const count = (await box.read()) + step;
        await box.write(count);
        return count;
      },
      spec: next,
    }),
  }),
  expect: ['linearizable'],
});
