import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import type { Secret, Vault } from '../../vault.ts';
import { Failure } from '../failure.ts';
import { UsageError } from '../parse.ts';
import { keyNamed } from './key-name.ts';
import { MemoryDirectory } from './memory-directory.ts';

/** A secret for a program, and how the program gets it. */
export interface Injected {
  readonly way: 'env' | 'fd' | 'file';
  /** Name of a variable, or number of a descriptor. */
  readonly target: string;
  readonly reference: string;
}

/** What a reference stands for. */
export interface Resolved extends Injected {
  readonly isKey: boolean;
  readonly secret: Secret;
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Shells can name no others. */
const DESCRIPTOR = /^[3-9]$/;

/** `TARGET=REF`, as often as it was given. @throws UsageError */
export function injectedOf(way: Injected['way'], texts: readonly string[] = []): Injected[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    const [target, reference] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
    const isTarget = (way === 'fd' ? DESCRIPTOR : VARIABLE).test(target);
    if (isTarget && reference !== '') return { way, target, reference };
    const expected = way === 'fd' ? 'N=REF with N from 3 to 9' : 'NAME=REF';
    throw new UsageError(`'--${way} ${text}' is not ${expected}`);
  });
}

/** @throws UsageError for one target twice */
export function checkTargets(wishes: readonly Injected[]): void {
  const seen = new Set<string>();
  for (const { target } of wishes) {
    if (seen.has(target)) throw new UsageError(`'${target}' is given two secrets`);
    seen.add(target);
  }
}

/** The secret or key that a reference names, the caller's to dispose. */
export async function resolved(vault: Vault, wish: Injected): Promise<Resolved> {
  const isKey = !wish.reference.startsWith('vault://');
  if (!isKey) return { ...wish, isKey, secret: await vault.secrets.resolve(wish.reference) };
  const { id } = await keyNamed(vault, wish.reference);
  return { ...wish, isKey, secret: await vault.reveal(id) };
}

/** What is not to be seen: each secret as it is, and a key also as the text that a variable has. */
export function namedSecrets(all: readonly Resolved[]): (readonly [string, Secret | Buffer])[] {
  return all.flatMap((given) => {
    const { reference, secret, isKey } = given;
    const bytes = [reference, secret] as const;
    return isKey ? [bytes, [reference, Buffer.from(textOf(given))] as const] : [bytes];
  });
}

/** What a child is given; `close` takes back what of it lies in files. */
export class Injection {
  readonly env: Record<string, string> = {};
  /** Descriptors of ours, by the number that they have in the child. */
  readonly descriptors = new Map<number, number>();
  readonly #env: NodeJS.ProcessEnv;
  #directory: MemoryDirectory | undefined;

  constructor(secrets: readonly Resolved[], env: NodeJS.ProcessEnv) {
    this.#env = env;
    try {
      for (const secret of secrets) this.#add(secret);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const fd of this.descriptors.values()) closeSync(fd);
    this.descriptors.clear();
    this.#directory?.close();
    this.#directory = undefined;
  }

  #add(given: Resolved): void {
    const { way, target, secret } = given;
    if (way === 'env') {
      this.env[target] = textOf(given);
      return;
    }
    const path = this.#write(target, secret);
    if (way === 'file') {
      this.env[target] = path;
      return;
    }
    // Without a name nobody else finds it, and unlike a pipe it can be opened again.
    this.descriptors.set(Number(target), openSync(path, 'r'));
    unlinkSync(path);
  }

  #write(name: string, secret: Secret): string {
    const directory = this.#directory ?? new MemoryDirectory(this.#env);
    this.#directory = directory;
    return secret.withBytes((bytes) => directory.write(name, bytes));
  }
}

/** A key in hexadecimal, a secret as it is. */
function textOf({ secret, isKey, target, reference }: Resolved): string {
  return secret.withBytes((bytes) => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (isKey) return buffer.toString('hex');
    if (isUtf8(buffer) && !buffer.includes(0)) return buffer.toString();
    throw new Failure(1, `${reference} is no text for the variable ${target}; take --file or --fd`);
  });
}
