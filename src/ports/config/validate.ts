import { ParseFault } from './fields.ts';
import { isRefusal, readSettled } from './file.ts';
import { explicitFile } from './project.ts';
import { readSettings, rulesOf } from './schema.ts';
import { parseText, syntaxOf } from './syntax.ts';

/** What is wrong with a configuration file. */
export interface ConfigFinding {
  /** Whether the text cannot be understood, or what it says is not allowed. */
  readonly kind: 'parse' | 'validation';
  readonly message: string;
}

/**
 * The first thing that is wrong with a file by itself, or undefined. A file named `config.yaml` is
 * held against the rules for user files, any other against those for projects.
 * @throws CONFIG_NOT_FOUND
 */
export async function validateConfigFile(
  path: string,
  cwd: string = process.cwd(),
): Promise<ConfigFinding | undefined> {
  const file = explicitFile(path, cwd);
  try {
    await readSettled(file, async ({ text }) =>
      readSettings(await parseText(syntaxOf(file), text), rulesOf(file)),
    );
    return undefined;
  } catch (error) {
    return findingOf(file, error);
  }
}

function findingOf(file: string, error: unknown): ConfigFinding {
  if (error instanceof ParseFault) {
    return { kind: 'parse', message: `Parse error in ${file}: ${error.message}` };
  }
  if (!isRefusal(error)) throw error;
  const reason = error.message.replace(/^validation error for /, '');
  return { kind: 'validation', message: `Validation error: ${reason} (in ${file})` };
}
