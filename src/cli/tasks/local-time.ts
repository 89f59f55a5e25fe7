/** `YYYY-MM-DD HH:MM:SS` where this machine is. */
export function localTime(at: number): string {
  const time = new Date(at);
  const date = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(twoDigits);
  return `${date.join('-')} ${clockTime(at)}`;
}

/** `HH:MM:SS` where this machine is. */
export function clockTime(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':');
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
