/** The look of the HTML report, by day and by night. */
export const REPORT_CSS = `
:root {
  --page: #f7f7f5; --card: #fff; --ink: #1d2126; --soft: #636a73; --line: #dfe1e4;
  --ok: #18794e; --ok-back: #e3f5ea; --violation: #b4232a; --violation-back: #fdeaea;
  --unknown: #8a5a00; --unknown-back: #fdf3dc; --c0: #2563c9; --c1: #c2571a; --c2: #0f8a80;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1c2024; --ink: #e8eaed; --soft: #9aa3ad; --line: #333940;
    --ok: #6bd69a; --ok-back: #14301f; --violation: #ff8f8f; --violation-back: #3a1719;
    --unknown: #f0c261; --unknown-back: #33270c; --c0: #7fb0ff; --c1: #ffa266; --c2: #5fd4c8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
}
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
h2 { font-size: 1.05rem; margin: 36px 0 10px; }
h3 { font-size: 1rem; margin: 0 0 6px; }
h4 { font-size: .9rem; margin: 14px 0 0; }
p { margin: 4px 0; }
code, pre { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 6px 0; padding: 10px 12px; border-radius: 6px; background: var(--page); overflow-x: auto; }
.banner { padding: 18px 22px; border-radius: 10px; border-left: 6px solid; }
.banner.ok { background: var(--ok-back); border-color: var(--ok); }
.banner.violation { background: var(--violation-back); border-color: var(--violation); }
.banner.unknown { background: var(--unknown-back); border-color: var(--unknown); }
.verdict { font-size: 1.9rem; font-weight: 700; line-height: 1.2; }
.ok .verdict { color: var(--ok); }
.violation .verdict { color: var(--violation); }
.unknown .verdict { color: var(--unknown); }
article {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 16px 20px; margin: 0 0 14px;
}
.message { white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 13px; white-space: nowrap; }
th, td { padding: 6px 10px; text-align: left; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 500; }
tbody tr:last-child > * { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.badge { padding: 1px 8px; border-radius: 99px; font-size: 12px; font-weight: 600; }
.badge.ok { color: var(--ok); background: var(--ok-back); }
.badge.violation { color: var(--violation); background: var(--violation-back); }
.badge.unknown { color: var(--unknown); background: var(--unknown-back); }
.hint { color: var(--soft); font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 14px; }
figure {
  margin: 0; padding: 12px 14px 6px; background: var(--card);
  border: 1px solid var(--line); border-radius: 10px;
}
figcaption { font-size: 13px; margin-bottom: 4px; }
.key { white-space: nowrap; color: var(--soft); margin-left: 6px; }
.key::before {
  content: ""; display: inline-block; width: 14px; height: 3px; border-radius: 2px;
  margin-right: 4px; vertical-align: middle; background: currentColor;
}
.key.c0::before { background: var(--c0); }
.key.c1::before { background: var(--c1); }
.key.c2::before { background: var(--c2); }
svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--line); }
.tick { fill: var(--soft); font-size: 9.5px; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.curve.c0 { stroke: var(--c0); }
.curve.c1 { stroke: var(--c1); }
.curve.c2 { stroke: var(--c2); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0; font-size: 14px; }
dt { color: var(--soft); }
dd { margin: 0; }
`;
