import { dirname, join } from 'node:path';
import { defaultPolicy, numberedServices, Ports, validateStore } from '../../../ports.ts';
import { addExclusions, loadConfig } from '../../../ports-config.ts';
import { LOCK_TIMEOUT_MS } from '../lock-timeout.ts';
import type { PortsSetup, PortsSubject } from './subject.ts';

/** The library as users import it. */
export async function openSubject(setup: PortsSetup): Promise<PortsSubject> {
  const { dataDir, range, probes } = setup;
  const occupancy = { ...defaultPolicy.occupancy, skip: !probes };
  const ports = await Ports.open({
    dir: dataDir,
    policy: { ...range, occupancy },
    lockTimeoutMs: LOCK_TIMEOUT_MS,
  });
  return {
    async reserve(path, { configFile } = {}) {
      const policy = configFile === undefined ? undefined : await policyOf(dataDir, configFile);
      const overrides = policy && { min: policy.min, max: policy.max, excluded: policy.excluded };
      return (await ports.reserve(path, { policy: overrides })).port;
    },
    async reserveGroup(path, count) {
      const group = await ports.reserveGroup(path, numberedServices(count));
      return Object.values(group.ports).sort((a, b) => a - b);
    },
    async release(path) {
      return (await ports.release(path)).released.length;
    },
    async list() {
      const rows = [];
      for await (const { path, tag, port } of ports.all()) rows.push({ path, tag, port });
      return rows;
    },
    async cleanup() {
      const { pruned, expired } = await ports.autoclean();
      return pruned.length + expired.length;
    },
    async migrate(from, to) {
      return (await ports.migrate(from, to)).moved.length;
    },
    async validate() {
      return (await validateStore(dataDir)).map(({ message }) => message);
    },
    async exclude(min, max) {
      await addExclusions(join(dataDir, 'config.yaml'), [{ min, max }], {
        dataDir,
        lockTimeoutMs: LOCK_TIMEOUT_MS,
      });
    },
    close: () => ports.close(),
  };
}

/** What `reserve` on the command line would obey, less this process's own environment. */
async function policyOf(dataDir: string, configFile: string) {
  const options = { cwd: dirname(dataDir), env: {}, dataDir, cli: {}, configFile };
  return (await loadConfig(options)).policy;
}
