// get-port with the ports that one would like, here a range. Its README says that races within a
// process are ruled out by what the module remembers, and that races of processes are extremely
// rare and end in a bind that fails. Where all prefer the same ports these are the rule, and threads
// race like processes, because each has a copy of the module.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import getPort, { portNumbers } from 'get-port';
import { integer, torture } from '../../src/torture.ts';

export default torture({
  name: 'get-port-range',
  store: {
    create: () => null,
    open: (): Server[] => [],
    close: (servers) => {
      for (const server of servers) server.close();
    },
  },
  ops: (op) => ({
    serve: op({
      // The time that a server takes to start, from the answer to the bind.
      in: integer(0, 20),
      run: async (servers, startMs) => {
        const port = await getPort({ port: portNumbers(3000, 3100) });
        await pause(startMs);
        const server = createServer().listen(port);
        servers.push(server);
        await once(server, 'listening');
        return port;
      },
      on: { EADDRINUSE: 'fail' },
    }),
  }),
  invariants: {
    'a port that was given can be bound': (_servers, history) => {
      const asked = history.of('serve');
      const taken = asked.filter(({ outcome }) => outcome === 'fail');
      history.note(`lost ${taken.length} of ${asked.length}`);
      return taken.map((one) => ({ message: one.error ?? '', operations: [one] }));
    },
  },
});
