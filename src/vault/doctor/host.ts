import { existsSync, readFileSync } from 'node:fs';
import { advice, type VaultFinding } from './finding.ts';

/** What of this machine may show the memory of a process that has a vault open. Linux only. */
export function hostFindings(proc = '/proc'): readonly VaultFinding[] {
  const read = (file: string) => {
    const path = `${proc}/${file}`;
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  const findings: VaultFinding[] = [];
  // A line of headings comes first.
  if (read('swaps').trim().split('\n').length > 1) {
    const text = 'memory may be swapped out, keys in it too';
    findings.push(advice('swap', text, 'encrypt the swap space, or turn it off'));
  }
  const [, coreBytes = '0'] = /^Max core file size\s+(\S+)/m.exec(read('self/limits')) ?? [];
  if (coreBytes !== '0') {
    const text = 'a crash may write the memory of a process to a file';
    findings.push(advice('core-dumps', text, 'ulimit -c 0'));
  }
  if (read('sys/kernel/yama/ptrace_scope').trim() === '0') {
    const text = 'processes of one user may read the memory of one another';
    findings.push(advice('memory-readable', text, 'sysctl kernel.yama.ptrace_scope=1'));
  }
  return findings;
}
