const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;

/** Whether bytes are a number of JSON, found out without making one of them. */
export function isNumber(bytes: Uint8Array): boolean {
  const digitsEnd = (from: number) => {
    let at = from;
    while (isDigit(bytes[at])) at += 1;
    return at;
  };
  const isOneOf = (at: number, marks: string) =>
    marks.includes(String.fromCharCode(bytes[at] ?? 0));
  let at = bytes[0] === MINUS ? 1 : 0;
  let end = digitsEnd(at);
  if (end === at || (bytes[at] === ZERO && end > at + 1)) return false;
  if (isOneOf(end, '.')) {
    at = end + 1;
    end = digitsEnd(at);
    if (end === at) return false;
  }
  if (isOneOf(end, 'eE')) {
    at = isOneOf(end + 1, '+-') ? end + 2 : end + 1;
    end = digitsEnd(at);
    if (end === at) return false;
  }
  return end === bytes.length;
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= ZERO && code <= NINE;
}
