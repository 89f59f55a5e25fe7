import { percent, schedulesText } from '../figures-text.ts';
import type { FaultReport, RunReport } from '../report.ts';
import { count, text } from './html-text.ts';

/** Operations with a row in the matrix; a wider one no page shows. */
const KINDS_MAX = 16;

/** What could have gone wrong, in that it happened: who met whom, which faults struck, what was tried. */
export function coveragePart(run: RunReport): string {
  const { schedules, faults } = run;
  const tried = schedules === undefined ? '' : `<p>${text(schedulesText(schedules))}.</p>`;
  const parts = [pairs(run), faults.length === 0 ? '' : faultTable(faults)];
  const columns = parts.filter((part) => part !== '').map((part) => `<div>${part}</div>`);
  if (tried === '' && columns.length === 0) return '';
  return `<section class="part"><h3>What was covered</h3>${tried}<div class="pair">${columns.join('')}</div></section>`;
}

/** How often operations of two kinds were in flight together, as a triangle. */
function pairs({ pairs: met, histograms, overlap, maxConcurrency }: RunReport): string {
  const counts = new Map(Object.entries(met));
  if (counts.size === 0) return '';
  const kinds = kindsOf(Object.keys(histograms), [...counts.keys()]).slice(0, KINDS_MAX);
  const of = (a: string, b: string) => counts.get(a <= b ? `${a}|${b}` : `${b}|${a}`) ?? 0;
  const most = Math.max(1, ...counts.values());
  let missed = 0;
  const rows = kinds.map((row, index) => {
    const cells = kinds.slice(0, index + 1).map((column) => {
      const times = of(row, column);
      if (times === 0) missed += 1;
      const heat = times === 0 ? 0 : 1 + Math.round((Math.log(times) / Math.log(most + 1)) * 4);
      return `<td class="number h${heat}">${times === 0 ? 'never' : count(times)}</td>`;
    });
    return `<tr><th scope="row">${text(row, 40)}</th>${cells.join('')}</tr>`;
  });
  const heads = kinds.map((kind) => `<th scope="col" class="number">${text(kind, 40)}</th>`);
  const all = (kinds.length * (kinds.length + 1)) / 2;
  const together = `<p>${percent(overlap)} of the operations met one of another client, at most ${count(maxConcurrency)} at once.`;
  if (kinds.length < 2) return `${together}</p>`;
  return `${together} ${missed === 0 ? 'Every pair of operations did:' : `Of ${count(all)} pairs of operations ${count(missed)} never did:`}</p>
<div class="scroll" tabindex="0" role="group" aria-label="How often kinds of operations overlapped"><table class="pairs"><tbody>${rows.join('')}</tbody><tfoot><tr><td></td>${heads.join('')}</tr></tfoot></table></div>`;
}

/** Names of operations, in order. One that itself holds the bar between two is known elsewhere. */
function kindsOf(measured: readonly string[], pairs: readonly string[]): string[] {
  const met = pairs.map((pair) => pair.split('|')).filter((names) => names.length === 2);
  return [...new Set([...measured, ...met.flat()])].sort();
}

function faultTable(faults: readonly FaultReport[]): string {
  const rows = faults.map((fault) => {
    const { armed, hit, skipped } = fault;
    const cells =
      skipped === undefined
        ? [armed, hit].map((figure) => `<td class="number">${count(figure)}</td>`).join('')
        : `<td colspan="2" class="aside">not done: ${text(skipped, 200)}</td>`;
    return `<tr><th scope="row">${text(fault.fault, 60)}</th>${cells}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="group" aria-label="Faults"><table class="faults"><thead><tr><th scope="col">Fault</th><th scope="col" class="number">Armed</th><th scope="col" class="number">Hit something</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
