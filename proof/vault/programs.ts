import type { Role } from './claims.ts';
import type { Program } from './operation.ts';
import { cleanup } from './programs/cleanup.ts';
import { password } from './programs/password.ts';
import { restore } from './programs/restore.ts';
import { rotate } from './programs/rotate.ts';
import { create, set, store } from './programs/store.ts';
import { use } from './programs/use.ts';

/** What a process of each role does. */
export const programs: Readonly<Record<Role, Program>> = {
  ...{ store, rotate, password, restore, cleanup },
};

/** Each kind of change by itself, and uses that are logged. */
export const changes: Readonly<Record<string, Program>> = {
  ...{ create, set, rotate, password, restore, cleanup, use },
};
