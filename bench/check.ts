import { Random } from '../src/torture/declare/random.ts';
import { type Call, checkHistory } from '../src/torture.ts';
import type { Bench, Figure } from './figure.ts';

/** How long the checkers take for large histories, held in memory. */
export const check: Bench = {
  name: 'checking histories',
  run: async () => [partitioned(), oneRegister(), needle(), transactions()],
};

function partitioned(): Figure {
  const calls = registerCalls({ operations: 1_000_000, clients: 10, keys: 10_000 });
  const before = process.memoryUsage().rss;
  const { seconds, verdict } = timed(() => checkHistory('register', calls));
  const grownMiB = (process.memoryUsage().rss - before) / 2 ** 20;
  return {
    what: '1,000,000 calls of 10 clients on 10,000 registers',
    measured: `${seconds.toFixed(2)} s, ${grownMiB.toFixed(0)} MiB more, ${verdict}`,
    goal: '< 2 s, < 600 MiB',
    pass: seconds < 2 && grownMiB < 600 && verdict === 'ok',
  };
}

function oneRegister(): Figure {
  const calls = registerCalls({ operations: 10_000, clients: 20, keys: 1 });
  const { seconds, verdict } = timed(() => checkHistory('register', calls));
  return {
    what: '10,000 calls of 20 clients on one register, every value written once',
    measured: `${seconds.toFixed(3)} s, ${verdict}`,
    goal: '< 0.5 s',
    pass: seconds < 0.5 && verdict === 'ok',
  };
}

function needle(): Figure {
  const calls = registerCalls({ operations: 100_000, clients: 10, keys: 100 });
  const reads = calls.filter(({ f }) => f === 'read');
  const stale = reads[Math.floor(reads.length * 0.6)] as Call;
  const older = reads.find(({ key, output }) => key === stale.key && output !== null) as Call;
  const broken = calls.map((call) => (call === stale ? { ...call, output: older.output } : call));
  const { seconds, verdict, result } = timed(() => checkHistory('register', broken));
  const size = result.counterexample.length;
  return {
    what: 'one stale read among 100,000 calls, found and shrunk',
    measured: `${seconds.toFixed(2)} s, ${verdict}, ${size} calls`,
    goal: '< 3 s, <= 6 calls',
    pass: seconds < 3 && verdict === 'violation' && size <= 6,
  };
}

function transactions(): Figure {
  const calls = listAppendCalls(100_000, 10, 1000);
  const { seconds, verdict } = timed(() => checkHistory('list-append', calls));
  return {
    what: '100,000 transactions of 10 clients that append to 1,000 lists and read them',
    measured: `${seconds.toFixed(2)} s, ${verdict}`,
    goal: '< 3 s',
    pass: seconds < 3 && verdict === 'ok',
  };
}

function timed(run: () => ReturnType<typeof checkHistory>) {
  const from = performance.now();
  const result = run();
  return { result, verdict: result.verdict, seconds: (performance.now() - from) / 1000 };
}

interface Shape {
  readonly operations: number;
  readonly clients: number;
  readonly keys: number;
}

/** Each client reads and writes at a moment between the begin and the end of its call. */
function registerCalls({ operations, clients, keys }: Shape): Call[] {
  const random = new Random('bench');
  const values = new Array<number | null>(keys).fill(null);
  const free = new Array<number>(clients).fill(0);
  const calls: Call[] = [];
  for (let nth = 0; nth < operations; nth += 1) {
    const process = nth % clients;
    const moment = 10 * nth + 10 * clients;
    const begin =
      Math.max(free[process] as number, moment - random.int(8 * clients)) + 1 / (process + 2);
    const end = moment + 1 + random.int(8 * clients) + 1 / (process + 2);
    free[process] = end;
    const key = random.int(keys);
    const isRead = random.int(2) === 0;
    if (!isRead) values[key] = nth;
    calls.push({
      process,
      f: isRead ? 'read' : 'write',
      key: `k${key}`,
      input: isRead ? null : nth,
      output: values[key],
      outcome: 'ok',
      begin,
      end,
    });
  }
  return calls.sort((a, b) => a.begin - b.begin);
}

function listAppendCalls(count: number, clients: number, keys: number): Call[] {
  const random = new Random('bench');
  const lists = Array.from({ length: keys }, (): number[] => []);
  return Array.from({ length: count }, (_, nth): Call => {
    const steps = Array.from({ length: 1 + random.int(4) }, (_, step) => {
      const key = random.int(keys);
      const list = lists[key] as number[];
      if (random.int(2) === 0) return ['r', key, list.slice()];
      const value = nth * 10 + step;
      list.push(value);
      return ['append', key, value];
    });
    const input = steps.map(([word, key, value]) => [word, key, word === 'r' ? null : value]);
    const begin = 10 * nth + random.int(5);
    const end = 10 * nth + 10 * clients;
    return {
      process: nth % clients,
      f: 'txn',
      key: undefined,
      input,
      output: steps,
      outcome: 'ok',
      begin,
      end,
    };
  });
}
