/** Longer texts of tasks are cut: what they are doing, why they failed, what they log. */
const MESSAGE_MAX = 4096;

/** A text as the file takes it: cut with an ellipsis, and without halves of characters. */
export function messageText(text: string): string {
  const cut = text.length > MESSAGE_MAX ? `${text.slice(0, MESSAGE_MAX - 1)}…` : text;
  return cut.toWellFormed();
}
