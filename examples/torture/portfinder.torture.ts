// portfinder looks for a port that is free. Its README guarantees that the port is free in the
// scope of the callback and says nothing of other processes. Nothing holds a port between the
// answer and the bind, so that several who ask at once are given one port; the first to bind has it.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import portfinder from 'portfinder';
import { integer, torture } from '../../src/torture.ts';

export default torture({
  name: 'portfinder',
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
        const port = await portfinder.getPortPromise();
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
