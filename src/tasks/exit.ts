/** What is to be done when this thread ends; one listener for all, however many stores are open. */
const leavers = new Set<() => void>();

function leaveAll(): void {
  for (const leave of leavers) leave();
}

/** Runs `leave` when this thread ends, unless what is answered is called before. */
export function leaveAtExit(leave: () => void): () => void {
  // First: a writer lock that is waited for still keeps its place in the queue then.
  if (leavers.size === 0) process.prependListener('exit', leaveAll);
  leavers.add(leave);
  return () => {
    leavers.delete(leave);
    if (leavers.size === 0) process.off('exit', leaveAll);
  };
}
