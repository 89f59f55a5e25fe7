/** How every command prints JSON. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Text for a terminal: what would move the cursor or break the line is spelled out. */
export function plainText(text: string): string {
  if (!CONTROL.test(text)) return text;
  return text.replace(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0');
    return `\\x${code}`;
  });
}

const CONTROL = /\p{Cc}/u;
