import type { AnyDeclared } from '../declare/declaration.ts';
import type { Report } from '../report/report.ts';
import { reportText } from '../report/text-report.ts';
import { type DeclarationOptions, runTorture } from './run-torture.ts';

/**
 * For tests: runs a declaration and resolves with its report when the verdict is `ok`.
 * @throws Error with the text report when it is `violation` or `unknown`
 */
export async function expectOk(
  declared: AnyDeclared,
  options: DeclarationOptions = {},
): Promise<Report> {
  const report = await runTorture(declared, options);
  if (report.verdict === 'ok') return report;
  throw new Error(`${declared.name}: ${report.verdict}\n\n${reportText(report)}`);
}
