/** Colours by day and by night. One of them, the red, is kept for what is wrong. */
const COLOURS = `
:root {
  color-scheme: light dark;
  --page: #fcfcfb; --ink: #20242a; --soft: #666d76; --line: #e4e3df; --well: #f3f3f0;
  --data: #4a6a94; --data-soft: #dbe4ef; --quiet: #a9adb3; --fault: #b27c1a; --fault-soft: #faf1de;
  --wrong: #b3261e; --wrong-soft: #fbe9e7; --good: #2c6e49; --doubt: #8a6100; --link: #2b5590;
  --c0: #3c69a5; --c1: #b8621b; --c2: #2a7f72; --c3: #8a4f9e; --c4: #7b7a26; --c5: #b24a6c; --c6: #5b6570; --c7: #946a4a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --ink: #e6e7e9; --soft: #9ba2ab; --line: #30343a; --well: #1f2226;
    --data: #86a8d6; --data-soft: #263449; --quiet: #6d747d; --fault: #d9a848; --fault-soft: #352b17;
    --wrong: #ff8f86; --wrong-soft: #3b1c1a; --good: #74c69a; --doubt: #e0b552; --link: #94b8ec;
    --c0: #86b1ee; --c1: #f0a15f; --c2: #63c9b8; --c3: #cf9be0; --c4: #c9c763; --c5: #ee94b2; --c6: #aab3bd; --c7: #d0a583;
  }
}`;

const TEXT = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 48px 32px 96px; }
h1 { margin: 0; font-size: 46px; line-height: 1.1; font-weight: 600; letter-spacing: -.02em; }
h1::first-letter { text-transform: uppercase; }
h2 { margin: 56px 0 12px; font-size: 21px; line-height: 1.3; font-weight: 600; letter-spacing: -.01em; }
h3 { margin: 0 0 8px; font-size: 15px; font-weight: 600; }
p { margin: 0 0 8px; max-width: 76ch; }
a { color: var(--link); text-underline-offset: 2px; text-decoration-thickness: 1px; }
ul, ol { margin: 4px 0 8px; padding-left: 20px; }
code, pre, .calls text, .name { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
code, pre { font-size: 12.5px; line-height: 1.55; unicode-bidi: isolate; }
pre { margin: 8px 0; padding: 12px 16px; background: var(--well); overflow: auto; max-height: 420px; overflow-wrap: normal; }
b { font-weight: 600; }
.brand { margin: 0 0 20px; color: var(--soft); font-size: 13px; letter-spacing: .04em; }
.lead { margin: 8px 0 4px; font-size: 19px; }
.aside, figcaption, .keys { color: var(--soft); font-size: 13px; font-weight: 400; letter-spacing: 0; }
.message { white-space: pre-wrap; }
.run > .message, .run > pre { margin-bottom: 28px; }
.sentence { margin: 12px 0; font-size: 16px; }
.violation, .wrong { color: var(--wrong); }
.unknown { color: var(--doubt); }
h1.ok { color: var(--good); }
.headlines { margin: 20px 0; padding: 0; list-style: none; }
.headlines li { margin: 8px 0; max-width: 90ch; }
.headlines a { font-weight: 600; color: inherit; }
.command { display: grid; grid-template-columns: 150px 1fr auto; align-items: baseline; gap: 4px 16px; margin: 8px 0; padding: 7px 0; border-top: 1px solid var(--line); }
.command + .command { margin-top: -8px; }
.command span { color: var(--soft); font-size: 13px; }
.command code { user-select: all; white-space: pre-wrap; }
header .command:last-of-type { border-bottom: 1px solid var(--line); margin-bottom: 12px; }
button {
  font: inherit; font-size: 12.5px; line-height: 1.4; color: var(--link); background: none; cursor: pointer;
  border: 1px solid var(--line); border-radius: 4px; padding: 1px 9px;
}
button:hover { border-color: currentColor; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }`;

const TABLES = `
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; white-space: nowrap; margin: 4px 0 8px; }
.runs { width: 100%; margin-bottom: 40px; }
.runs a { color: inherit; text-decoration-color: var(--quiet); }
th, td { padding: 4px 18px 4px 0; text-align: left; font-weight: 400; border-bottom: 1px solid var(--line); vertical-align: baseline; }
th:last-child, td:last-child { padding-right: 4px; }
thead th, tfoot th { color: var(--soft); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
tfoot th, tfoot td { border: 0; }
.group th { padding-top: 18px; white-space: normal; }
.latency :is(td, th):nth-child(8) { padding-left: 28px; }
.operations { white-space: normal; }
.operations td:nth-child(3), .operations td:nth-child(4) { min-width: 130px; max-width: 420px; }
.operations th, .operations .number { white-space: nowrap; }
.pairs td, .pairs th { border: 0; padding: 5px 12px; }
.pairs tbody th { padding-left: 0; }
.pairs tbody td { border: 1px solid var(--page); }
.h0 { color: var(--soft); background: var(--well); }
.h1 { background: color-mix(in srgb, var(--data) 10%, var(--page)); }
.h2 { background: color-mix(in srgb, var(--data) 18%, var(--page)); }
.h3 { background: color-mix(in srgb, var(--data) 26%, var(--page)); }
.h4 { background: color-mix(in srgb, var(--data) 34%, var(--page)); }
.h5 { background: color-mix(in srgb, var(--data) 44%, var(--page)); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: 16px 24px; margin: 8px 0 28px; }
.facts dt { color: var(--soft); font-size: 13px; }
.facts dd { margin: 0; }
.facts dd:not(.aside) { font-size: 20px; line-height: 1.35; letter-spacing: -.01em; font-variant-numeric: tabular-nums; }
.about { display: grid; grid-template-columns: 118px 1fr; gap: 4px 16px; margin: 0; font-size: 14px; }
.about dt { color: var(--soft); }
.about dd { margin: 0; }`;

const RUNS = `
.run { border-top: 1px solid var(--line); }
.run[open] { margin-bottom: 32px; }
header + .run { margin-top: 24px; }
.run > summary { list-style: none; cursor: pointer; position: relative; padding: 18px 0 10px; }
.run > summary::-webkit-details-marker { display: none; }
.run > summary h2 { margin: 0; padding-right: 28px; }
.run:not([open]) > summary { padding: 10px 0; }
.run:not([open]) > summary h2 { font-size: 16px; line-height: 24px; }
.run > summary h2 span { font-weight: 400; }
.run > summary .mode { color: var(--soft); }
.run > summary::after {
  content: ""; position: absolute; right: 6px; bottom: 22px; width: 8px; height: 8px;
  border: solid var(--soft); border-width: 0 1.5px 1.5px 0; transform: rotate(45deg);
}
.run:not([open]) > summary::after { bottom: 20px; }
.run[open] > summary::after { transform: rotate(225deg); }
.part { margin: 0 0 36px; }
details:not(.run) { margin: 6px 0; }
details:not(.run) > summary { cursor: pointer; color: var(--link); font-size: 13px; width: fit-content; }
.schedule { font: 12.5px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; columns: 30ch; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(360px, 100%), 1fr)); gap: 20px 40px; align-items: start; margin-bottom: 8px; }
.pair > * { min-width: 0; }`;

const DRAWINGS = `
figure { margin: 8px 0; }
figcaption { margin: 4px 0; }
figcaption p { margin: 0; max-width: none; }
svg { display: block; overflow: visible; }
svg text { fill: var(--soft); font-size: 11px; }
.plot { width: 100%; }
.plot text { paint-order: stroke; stroke: var(--page); stroke-width: 3px; }
.timeline .name { stroke: none; }
.plot > svg { overflow: hidden; }
svg path, svg polyline, svg rect { vector-effect: non-scaling-stroke; }
.grid { stroke: var(--line); fill: none; }
.curve { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
.c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); } .c3 { stroke: var(--c3); }
.c4 { stroke: var(--c4); } .c5 { stroke: var(--c5); } .c6 { stroke: var(--c6); } .c7 { stroke: var(--c7); }
.range { fill: var(--data-soft); }
.median { stroke: var(--ink); stroke-dasharray: 3 3; }
.dots { stroke: var(--ink); stroke-width: 4; stroke-linecap: round; }
.k0 { fill: var(--data); } .k1 { fill: var(--quiet); }
.k2 { fill: var(--page); stroke: var(--data); }
.fault { fill: var(--fault); } .flag { fill: var(--wrong); }
.fault.back { fill: var(--fault-soft); } .flag.back { fill: var(--wrong-soft); }
.timeline text.fault { fill: var(--fault); } .timeline text.flag { fill: var(--wrong); font-weight: 600; }
.break { stroke: var(--quiet); stroke-dasharray: 1 3; fill: none; }
.lanes { display: flex; }
.lanes .gutter { flex: none; }
.lanes .plot, .lanes .scroll { flex: 1; min-width: 0; }
.timeline .plot { cursor: crosshair; touch-action: pan-y; }
.timeline .gutter { overflow: visible; }
.timeline .words { pointer-events: none; }
.timeline .words .name:not(.fault):not(.flag) { fill: var(--page); font-size: 10.5px; }
.timeline .name { font-size: 10.5px; }
.brush { fill: var(--link); opacity: .18; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin: 0 0 8px; font-size: 13px; }
.tools output { color: var(--soft); margin-left: 6px; font-variant-numeric: tabular-nums; min-height: 1.55em; }
.kind { color: var(--ink); }
.kind.first { margin-left: 12px; }
.kind[aria-pressed="false"] { color: var(--soft); text-decoration: line-through; }
.keys { margin-right: 6px; }
.keys span, figcaption .keys span { white-space: nowrap; margin-right: 12px; }
.key { display: inline-block; vertical-align: -1px; margin-right: 6px; }
.calls text { fill: var(--ink); font-size: 13px; }
.calls .rest { fill: none; pointer-events: all; }
.calls .answer { fill: var(--soft); }
.calls .box { fill: var(--well); stroke: var(--line); }
.calls .info .box { stroke: var(--quiet); stroke-dasharray: 4 3; }
.calls .fail .box { fill: none; }
.calls .wrong .box { fill: var(--wrong-soft); stroke: var(--wrong); }
.calls .wrong text { fill: var(--wrong); }
.calls .rule { stroke: var(--line); }
.calls .order { fill: none; stroke: var(--data); stroke-width: 1.5; opacity: .55; }
.calls .point { fill: var(--data); stroke: var(--page); stroke-width: 2; }
.calls text.place { fill: var(--page); font-size: 11px; font-weight: 600; }
.calls .wrong .point { fill: var(--wrong); }
.calls path.place { stroke: var(--page); stroke-width: 1.75; stroke-linecap: round; }`;

const ELSEWHERE = `
@media (max-width: 640px) {
  main { padding: 24px 16px 64px; }
  h1 { font-size: 36px; }
  .command { grid-template-columns: 1fr auto; }
  .command span { grid-column: 1 / -1; }
  .facts { grid-template-columns: repeat(2, 1fr); gap: 12px 16px; }
  .about { grid-template-columns: 90px 1fr; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --ink: #000; --soft: #555; --line: #ccc; --well: #f4f4f4; --data: #4a6a94; --data-soft: #dbe4ef;
    --quiet: #a9adb3; --fault: #9a6c14; --fault-soft: #f6ead0; --wrong: #b3261e; --wrong-soft: #fbe9e7;
    --good: #2c6e49; --doubt: #8a6100; --link: #000;
    --c0: #3c69a5; --c1: #b8621b; --c2: #2a7f72; --c3: #8a4f9e; --c4: #7b7a26; --c5: #b24a6c; --c6: #5b6570; --c7: #946a4a;
  }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  body { font-size: 12px; }
  main { padding: 0; max-width: none; }
  button, .tools, .run > summary::after { display: none; }
  .scroll { overflow: visible; }
  figure, tr, .command { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  pre { max-height: none; white-space: pre-wrap; }
}`;

/** The look of the page. */
export const PAGE_CSS = [COLOURS, TEXT, TABLES, RUNS, DRAWINGS, ELSEWHERE].join('\n');
