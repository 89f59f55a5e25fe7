import { homedir } from 'node:os';
import { HoldfastError } from '../../errors.ts';
import type { Ports } from '../../ports.ts';
import type { ConfigLayer, EditOptions, LoadedConfig, LoadOptions } from '../../ports-config.ts';
import type { Values } from '../command.ts';
import type { occupancyOptions, PortsCall, permissionOptions } from './options.ts';

/** What all layers of configuration say, and how much to say. */
export interface Settings extends LoadedConfig {
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
}

/** The data directory that this call is about; it need not exist. */
export async function dataDirOf(call: PortsCall): Promise<string> {
  const { resolveDataDir } = await import('../../ports-config.ts');
  return resolveDataDir(call.options['data-dir'], call.env, placeOf(call));
}

/** Every layer of configuration, with `layer` and the global options of this call on top. */
export async function settingsOf(
  call: PortsCall,
  layer: ConfigLayer = {},
  sources: Pick<LoadOptions, 'groupFile' | 'skipFiles'> = {},
): Promise<Settings> {
  const { loadConfig } = await import('../../ports-config.ts');
  const { options } = call;
  const config = await loadConfig({
    ...sources,
    cwd: call.cwd,
    env: call.env,
    dataDir: await dataDirOf(call),
    cli: {
      ...layer,
      lockWaitSeconds: options['busy-timeout'],
      disableAutoinit: options['disable-autoinit'],
    },
    configFile: options.config,
  });
  // Either flag beats TROP_LOG_MODE; of the two, --quiet wins.
  const mode = options.quiet ? 'quiet' : options.verbose ? 'verbose' : config.logMode;
  return { ...config, isQuiet: mode === 'quiet', isVerbose: mode === 'verbose' };
}

/** How configuration files are edited under these settings. */
export function editOptionsOf(call: PortsCall, settings: Settings): EditOptions {
  return {
    dataDir: settings.dataDir,
    lockTimeoutMs: settings.lockWaitSeconds * 1000,
    signal: call.signal,
  };
}

/** Runs `body` with the store of these settings open. */
export async function withPorts<T>(
  call: PortsCall,
  settings: Settings,
  body: (ports: Ports) => Promise<T>,
): Promise<T> {
  const { Ports } = await import('../../ports.ts');
  const seconds = settings.lockWaitSeconds;
  try {
    await using ports = await Ports.open({
      dir: settings.dataDir,
      policy: settings.policy,
      lockTimeoutMs: seconds * 1000,
      create: !settings.disableAutoinit,
      signal: call.signal,
    });
    return await body(ports);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'LOCK_TIMEOUT') throw error;
    const { Failure } = await import('../failure.ts');
    // Scripts match this line to the letter, with the duration as Rust prints it.
    const waited = seconds === 0 ? '0ns' : `${seconds}s`;
    throw new Failure(
      2,
      `database lock timeout while starting an immediate database transaction after ${waited}`,
      { cause: error },
    );
  }
}

/** A path that somebody wrote, made absolute; symbolic links stay. */
export async function explicitPath(call: PortsCall, text: string): Promise<string> {
  const { normalizePath } = await import('../../ports.ts');
  return normalizePath(text, placeOf(call));
}

function placeOf({ cwd, env }: PortsCall): { readonly cwd: string; readonly home: string } {
  return { cwd, home: env.HOME ?? homedir() };
}

/** The path meant by `--path`, else by TROP_PATH, else by where we are. */
export async function targetPath(
  call: PortsCall,
  settings: Settings,
  flag: string | undefined,
): Promise<string> {
  const text = flag ?? settings.path;
  if (text !== undefined) return explicitPath(call, text);
  const { implicitPath } = await import('../../ports.ts');
  return implicitPath(call.cwd);
}

/** The tag that a command was given. */
export async function tagOf(text: string | undefined): Promise<string | undefined> {
  if (text === undefined) return undefined;
  const { cleanTag } = await import('../../ports.ts');
  try {
    return cleanTag(text);
  } catch (error) {
    // To the library it is a wrong setting, here it is a wrong argument.
    if (!(error instanceof HoldfastError)) throw error;
    const { invalidArgument } = await import('../failure.ts');
    throw invalidArgument(error.message);
  }
}

/** What the permission flags say, as a layer of configuration. */
export function permissionLayer(options: Values<typeof permissionOptions>): ConfigLayer {
  return {
    allowUnrelatedPath: options['allow-unrelated-path'],
    allowProjectChange: options['allow-project-change'],
    allowTaskChange: options['allow-task-change'],
    allowChange: options['allow-change'],
  };
}

/** What the probe flags say, as a layer of configuration. */
export function occupancyLayer(options: Values<typeof occupancyOptions>): ConfigLayer {
  return {
    occupancy: {
      skip: options['skip-occupancy-check'],
      skipTcp: options['skip-tcp'],
      skipUdp: options['skip-udp'],
      skipIpv4: options['skip-ipv4'],
      skipIpv6: options['skip-ipv6'],
      allInterfaces: options['check-all-interfaces'],
    },
  };
}
