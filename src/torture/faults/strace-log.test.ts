import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseStraceLog } from './strace-log.ts';

describe('what strace wrote', () => {
  test('an injected error, a delay and both at once', () => {
    const log = `7835  fsync(21)                         = 0
7836  fsync(21)                         = -1 EIO (Input/output error)
7835  fsync(21)                         = -1 EIO (Input/output error) (INJECTED)
7835  rename("a) = -1 E (INJECTED)", "b") = 0 (DELAYED)
7835  fsync(21)                         = -1 ENOSPC (No space left on device) (INJECTED) (DELAYED)
7835  +++ exited with 0 +++
`;
    assert.deepEqual(parseStraceLog(log), [
      { call: 'fsync', thread: 7835, nth: 2, effect: 'EIO' },
      { call: 'rename', thread: 7835, nth: 1, effect: 'delay' },
      { call: 'fsync', thread: 7835, nth: 3, effect: 'ENOSPC' },
    ]);
  });

  test('a call that another thread interrupts is one call', () => {
    const log = `11 fsync(21 <unfinished ...>
12 fsync(22)                         = 0
11 <... fsync resumed>)              = -1 EIO (Input/output error) (INJECTED)
`;
    assert.deepEqual(parseStraceLog(log), [{ call: 'fsync', thread: 11, nth: 1, effect: 'EIO' }]);
  });

  test('a signal that the kernel sent at a call, and not one of another process', () => {
    const log = `30604 fsync(21)                         = 0
30604 --- SIGUSR2 {si_signo=SIGUSR2, si_code=SI_KERNEL} ---
30604 --- SIGUSR2 {si_signo=SIGUSR2, si_code=SI_USER, si_pid=30591, si_uid=0} ---
30591 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=5, si_uid=0} ---
`;
    assert.deepEqual(parseStraceLog(log), [
      { call: 'fsync', thread: 30604, nth: 1, effect: 'SIGUSR2' },
    ]);
  });

  test('of all threads that end, the one within its call was the target', () => {
    const log = `30633 fsync(21)                         = 0
30621 fsync(21)                         = 0
30633 fsync(21 <unfinished ...>
30631 +++ killed by SIGKILL +++
30633 <... fsync resumed>)              = ?
30633 +++ killed by SIGKILL +++
30621 +++ killed by SIGKILL +++
`;
    assert.deepEqual(parseStraceLog(log), [
      { call: 'fsync', thread: 30633, nth: 2, effect: 'SIGKILL' },
    ]);
  });

  test('a log that is cut anywhere, and any other text, is read as far as it goes', () => {
    const log =
      '7 fsync(1) = -1 EIO (Input/output error) (INJECTED)\n8 --- SIGX {si_code=SI_KERNEL} ---\n';
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.nat(log.length).map((end) => log.slice(0, end)),
        ),
        (text) => {
          assert.ok(parseStraceLog(text).length <= 1);
        },
      ),
    );
  });
});
