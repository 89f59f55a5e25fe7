import { join } from 'node:path';
import { type EditOptions, withConfigLock } from './edit.ts';
import { isFile } from './file.ts';
import { replaceFile } from './replace.ts';

/** Every setting of the user's file with its default, commented out: it changes nothing. */
const TEMPLATE = `# Holdfast ports: settings of this user. Every line is a comment; remove the # of what
# you want to change. A project's holdfast.yaml and holdfast.local.yaml, variables of
# the environment and options of the command line override what is set here.

# The ports that are given away, and those among them that never are.
# ports:
#   min: 5000
#   max: 7000              # or max_offset: 2000
# excluded_ports:
#   - 5432
#   - start: 6000
#     end: 6063

# Reservations that nobody used for so long may be removed.
# cleanup:
#   expire_after_days: 30
# disable_autoprune: false
# disable_autoexpire: false

# Which sockets make a port occupied.
# occupancy_check:
#   skip: false
#   skip_ip4: false
#   skip_ip6: false
#   skip_tcp: false
#   skip_udp: false
#   check_all_interfaces: false

# What is allowed without being asked for by an option.
# allow_unrelated_path: false
# allow_change_project: false
# allow_change_task: false
# allow_change: false

# maximum_lock_wait_seconds: 5
# output_format: table     # or json, csv, tsv
# disable_autoinit: false
`;

/**
 * Writes a `config.yaml` that explains every setting and changes none. Answers false, and leaves
 * the file alone whatever is in it, when there is one.
 * @throws LOCK_TIMEOUT, READ_ONLY, DISK_FULL, IO_ERROR
 */
export function createUserConfig(options: EditOptions): Promise<boolean> {
  const file = join(options.dataDir, 'config.yaml');
  return withConfigLock(
    options,
    async () => !isFile(file) && replaceFile(file, TEMPLATE, undefined),
  );
}
