import { JsonCursor, JsonError } from '../exchange/json-cursor.ts';
import { wipe } from '../hygiene/wipe.ts';

/** Nobody has an object of more in a secret. */
const FIELDS_MAX = 100_000;

/**
 * A field of a JSON object, the caller's to wipe: text as it is, anything else as the JSON that
 * stands there. No text is made of it or of what is beside it. Undefined where there is no such
 * field, or this is no JSON object.
 */
export function jsonField(bytes: Uint8Array, field: string): Buffer | undefined {
  const json = new JsonCursor('', bytes, FIELDS_MAX);
  let found: Buffer | undefined;
  try {
    json.object((name) => {
      if (name !== field) json.skip();
      else found = json.isText ? json.textBytes() : json.valueBytes();
    });
    json.end();
    return found;
  } catch (error) {
    wipe(found);
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}
