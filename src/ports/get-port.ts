import { resolveDataDir } from './config/data-dir.ts';
import { implicitPath } from './path.ts';
import type { Policy } from './policy.ts';
import { Ports } from './store.ts';

export interface GetPortOptions {
  /** Data directory; see `PortsOptions.dir`. */
  readonly dir?: string | undefined;
  /** Taken if it can be had. */
  readonly port?: number | undefined;
  readonly policy?: Partial<Policy> | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Shared {
  readonly ports: Promise<Ports>;
  calls: number;
}

/** Stores that calls are using right now: calls at the same time share one. */
const stores = new Map<string, Shared>();

/**
 * A free port that no other process gets as long as this one lives. It is reserved for the working
 * directory under a tag of its own, and free again when this process has ended.
 * @throws PORTS_EXHAUSTED, PROBE_FAILED and what `Ports.open` throws
 */
export async function getPort(options: GetPortOptions = {}): Promise<number> {
  const dir = options.dir ?? resolveDataDir(undefined, process.env);
  const shared = stores.get(dir) ?? { ports: Ports.open({ dir }), calls: 0 };
  stores.set(dir, shared);
  shared.calls += 1;
  try {
    const ports = await shared.ports;
    const { port } = await ports.reserve(implicitPath(), {
      tag: `get-port-${crypto.randomUUID()}`,
      port: options.port,
      policy: options.policy,
      lease: true,
      signal: options.signal,
    });
    return port;
  } finally {
    shared.calls -= 1;
    if (shared.calls === 0) {
      stores.delete(dir);
      await (await shared.ports).close();
    }
  }
}
