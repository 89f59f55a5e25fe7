/** Ends this process when the one that has started it with a pipe for its input is gone. */
export function endWithParent(): void {
  const { stdin } = process;
  stdin.once('end', () => process.exit(0));
  stdin.resume();
  // It shall not keep the process from its end.
  if ('unref' in stdin) stdin.unref();
}
