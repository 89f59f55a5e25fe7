/** Text as trop prints it for debugging: quoted, with what would not print escaped. */
export function quoted(text: string): string {
  const inner = text.replace(/["\\]|\p{C}|(?! )\p{Z}/gu, (char) => {
    const named = ESCAPES[char];
    return named ?? `\\u{${char.codePointAt(0)?.toString(16)}}`;
  });
  return `"${inner}"`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
};

/** An optional text as trop prints it: `Some("web")` or `None`. */
export function someText(text: string | undefined): string {
  return text === undefined ? 'None' : `Some(${quoted(text)})`;
}
