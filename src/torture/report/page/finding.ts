import { describeOperation, type Operation } from '../../declare/operation.ts';
import type { Counterexample, Violation } from '../../judge/verdict.ts';
import { type Standing, standingsOf } from '../../order/standing.ts';
import { othersText } from '../counterexample-text.ts';
import { tokenCommand } from '../figures-text.ts';
import { clockOf, type OperationClock } from '../operation-clock.ts';
import { cut, oneLine, printable, valueText } from '../printable.ts';
import { command } from './command.ts';
import { count, text } from './html-text.ts';
import { answeredText, laneChart } from './lane-chart.ts';

/** Operations of a counterexample, or of other evidence; more nobody compares by eye. */
const OPERATIONS_SHOWN = 40;
/** Of a message before the reader asks for the rest, and with it. */
const MESSAGE_SHOWN = 400;
const MESSAGE_MAX = 20_000;
/** Of a generated test. */
const TEST_MAX = 60_000;
const STEPS_SHOWN = 400;

/** One violation with all that shows it. */
export function finding(violation: Violation): string {
  const { invariant, message, operations, repeat, alike, counterexample } = violation;
  const where = [
    `repetition ${repeat + 1}`,
    ...(alike > 0 ? [`and ${count(alike)} more like it`] : []),
  ];
  const evidence =
    counterexample === undefined ? plainEvidence(operations) : explained(counterexample);
  return `<section class="part finding"><h3>${text(invariant, 200)} <span class="aside">${where.join(', ')}</span></h3>
${counterexample?.sentence === message ? '' : messageOf(message)}${evidence}</section>`;
}

/** Several lines are a table of their author; a long line is cut, with the rest for who asks. */
export function messageOf(message: string): string {
  const whole = printable(cut(message, MESSAGE_MAX));
  if (whole.includes('\n')) return `<pre tabindex="0">${text(whole, MESSAGE_MAX)}</pre>`;
  if (whole.length <= MESSAGE_SHOWN) return `<p class="message">${text(whole)}</p>`;
  return `<p class="message">${text(whole, MESSAGE_SHOWN)}</p>
${folded('The whole message', `<p class="message">${text(whole, MESSAGE_MAX)}</p>`)}`;
}

function plainEvidence(operations: readonly Operation[]): string {
  const shown = inOrder(operations).slice(0, OPERATIONS_SHOWN);
  if (shown.length === 0) return '';
  const [only] = shown;
  if (only !== undefined && operations.length === 1) {
    return `<p><code>${text(oneLine(cut(describeOperation(only), MESSAGE_SHOWN)))}</code></p>`;
  }
  const rest = operations.length - shown.length;
  const more = rest > 0 ? `<p class="aside">and ${count(rest)} more operations</p>` : '';
  const clock = clockOf(shown, false);
  return `<figure>${laneChart(shown, new Map(), clock)}</figure>${more}${tableOf(shown, new Map(), clock)}`;
}

function inOrder(operations: readonly Operation[]): Operation[] {
  return operations.toSorted((a, b) => a.invokedAt - b.invokedAt);
}

function explained(counterexample: Counterexample): string {
  const { operations, others, sentence, order, schedule, test, token } = counterexample;
  const standings = standingsOf(counterexample);
  // Where it could not be made small, its end is what to look at.
  const shown = inOrder(operations).slice(-OPERATIONS_SHOWN);
  const left = operations.length - shown.length;
  const clock = clockOf(shown, schedule !== undefined);
  const legend = [
    ...(order.length > 0 ? ['Numbers: the order that explains most of them.'] : []),
    ...([...standings.values()].includes('none') ? ['Crossed: has no place in it.'] : []),
    'Drawn by what came before what, not to scale.',
    ...(left > 0 ? [`${count(left)} earlier operations are left out.`] : []),
    ...(others > 0 ? [`And ${othersText(others)}.`] : []),
  ];
  return `<figure>${laneChart(shown, standings, clock)}<figcaption>${legend.join(' ')}</figcaption></figure>
<p class="sentence">${text(sentence, MESSAGE_MAX)}</p>
${token === undefined ? '' : command('Replay this violation', tokenCommand(token))}
${tableOf(shown, standings, clock)}${schedule === undefined ? '' : scheduleOf(schedule)}
${test === undefined ? '' : folded('A test that shows it again', `<pre tabindex="0">${text(test, TEST_MAX)}</pre>`)}`;
}

function scheduleOf(schedule: readonly string[]): string {
  const steps = schedule.slice(0, STEPS_SHOWN).map((step) => `<li>${text(step, 200)}</li>`);
  const rest = schedule.length - steps.length;
  if (rest > 0) steps.push(`<li>and ${count(rest)} more</li>`);
  const title = `The schedule, ${count(schedule.length)} steps`;
  return folded(title, `<ol class="schedule">${steps.join('')}</ol>`);
}

function tableOf(
  operations: readonly Operation[],
  standings: ReadonlyMap<Operation, Standing>,
  clock: OperationClock,
): string {
  const rows = operations.map((operation) => {
    const { process, f, input, invokedAt, returnedAt } = operation;
    const standing = standings.get(operation);
    const took = returnedAt === undefined ? '–' : clock.length(returnedAt - invokedAt);
    const asked = input === undefined || input === null ? f : `${f} ${valueText(input, 200)}`;
    const cells = [
      `<td class="number">${standing === 'none' ? '×' : (standing ?? '')}</td>`,
      `<th scope="row">client ${process}</th>`,
      `<td><code>${text(asked, 240)}</code></td>`,
      `<td><code>${text(answeredText(operation, 400), 400)}</code></td>`,
      ...[clock.place(invokedAt), took].map((shown) => `<td class="number">${shown}</td>`),
    ];
    return `<tr>${cells.join('')}</tr>`;
  });
  const heads = [
    'Order',
    'Client',
    'Operation',
    'Answer',
    `Begun, ${clock.unit}`,
    `Took, ${clock.unit}`,
  ];
  const isNumber = [true, false, false, false, true, true];
  const head = heads.map(
    (name, at) => `<th scope="col"${isNumber[at] ? ' class="number"' : ''}>${name}</th>`,
  );
  const table = `<div class="scroll" tabindex="0" role="group" aria-label="Operations as a table"><table class="operations"><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
  return folded('As a table', table);
}

function folded(title: string, content: string): string {
  return `<details><summary>${title}</summary>${content}</details>`;
}
