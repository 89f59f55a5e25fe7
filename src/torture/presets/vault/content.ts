import { createHash } from 'node:crypto';

/** 32 bytes in hexadecimal digits that belong to this name and no other. */
export function contentOf(name: string): string {
  return createHash('sha256').update(`content of ${name}`).digest('hex');
}
