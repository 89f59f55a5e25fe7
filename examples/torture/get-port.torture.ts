// get-port asks the system for any free port. Its README calls it extremely rare that another
// process has the port before one binds it, says that the bind fails then, and that one tries again.
// Rare it is here too, and it happens: nothing holds the port between the answer and the bind.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import getPort from 'get-port';
import { integer, torture } from '../../src/torture.ts';

export default torture({
  name: 'get-port',
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
        const port = await getPort();
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
