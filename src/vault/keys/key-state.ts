/** What a version of a key is at. The names are rust-keyvault's. */
export const KEY_STATES = ['Pending', 'Active', 'Rotating', 'Deprecated', 'Revoked'] as const;

export type KeyState = (typeof KEY_STATES)[number];

/**
 * Where a state may lead. Nothing leads out of Revoked, and nothing back from Deprecated: what was
 * taken out of use is never quietly taken up again.
 */
const NEXT: Readonly<Record<KeyState, readonly KeyState[]>> = {
  Pending: ['Active', 'Revoked'],
  Active: ['Rotating', 'Deprecated', 'Revoked'],
  Rotating: ['Deprecated', 'Revoked'],
  Deprecated: ['Revoked'],
  Revoked: [],
};

export function isKeyState(name: string): name is KeyState {
  return KEY_STATES.some((known) => known === name);
}

export function mayBecome(from: KeyState, to: KeyState): boolean {
  return NEXT[from].includes(to);
}

/** Whether it makes something new: encrypts, signs, agrees. */
export function mayMake(state: KeyState): boolean {
  return state === 'Active' || state === 'Rotating';
}

/** Whether it reads what was made before: decrypts, verifies. */
export function mayRead(state: KeyState): boolean {
  return state !== 'Revoked';
}
