import type { Role } from './claims.ts';
import type { Program } from './operation.ts';
import { cleanup } from './programs/cleanup.ts';
import { password } from './programs/password.ts';
import { restore } from './programs/restore.ts';
import { rotate } from './programs/rotate.ts';
import { store } from './programs/store.ts';

/** What a process of each role does. */
export const programs: Readonly<Record<Role, Program>> = {
  ...{ store, rotate, password, restore, cleanup },
};
