import { wrongArgument } from '../../errors.ts';

/** Which value of a secret is meant, and which part of it. */
export interface Reference {
  readonly name: string;
  /** Of a value that is a JSON object. */
  readonly field: string | undefined;
  /** The newest by default. */
  readonly version: number | undefined;
}

const NAME = /^[A-Za-z0-9][\w./-]{0,199}$/;
const REFERENCE = /^vault:\/\/([^#@]+)(?:#([^@]+))?(?:@([1-9]\d{0,9}))?$/;

export function isSecretName(name: string): boolean {
  return typeof name === 'string' && NAME.test(name);
}

/** @throws RangeError */
export function assertSecretName(name: string): void {
  if (isSecretName(name)) return;
  throw wrongArgument(
    'range',
    `the name of a secret is 1 to 200 of A-Z a-z 0-9 _ . / - and begins with a letter or digit, not '${name}'`,
  );
}

/** `vault://name#field@version`, of which field and version may be missing. @throws RangeError */
export function parseReference(text: string): Reference {
  const [, name = '', field, version] = REFERENCE.exec(text) ?? [];
  if (!NAME.test(name)) {
    throw wrongArgument('range', `'${text}' is no reference like vault://name#field@version`);
  }
  return { name, field, version: version === undefined ? undefined : Number(version) };
}

export function referenceText({ name, field, version }: Reference): string {
  const part = field === undefined ? '' : `#${field}`;
  return `vault://${name}${part}${version === undefined ? '' : `@${version}`}`;
}
