/** How every command prints JSON. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Text for a terminal: what would move the cursor, break the line or turn the direction of writing
 * around is spelled out.
 */
export function plainText(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return text.replace(EACH_UNSAFE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}

// Lone surrogates are no characters, and terminals make of them what they like.
const UNSAFE = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/u;
const EACH_UNSAFE = new RegExp(UNSAFE, 'gu');
