import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Report } from '../src/torture/report/report.ts';
import { htmlReport, runTorture } from '../src/torture.ts';
import { findChromium, launch } from './torture/chromium.ts';
import { lossyCounter } from './torture/counters.ts';
import {
  emptyRun,
  fullRun,
  hostileTexts,
  reportOf,
  runSaying,
  timeline,
} from './torture/full-report.ts';

const executable = findChromium();
// Where everything is to be tested, what is not tested is no success.
const reason = executable || process.env.CI ? false : 'there is no Chromium: set CHROMIUM';

/** A page that is open, and all that it asked for or complained of. */
interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: string[];
  readonly requests: string[];
}

describe('the page of a report', { skip: reason }, () => {
  const temp = mkdtempSync(join(tmpdir(), 'holdfast-page-test-'));
  let browser: Browser;
  before(async () => {
    assert.ok(executable, 'there is no Chromium: set CHROMIUM');
    browser = await launch(executable);
  });
  after(async () => {
    await browser?.close();
    rmSync(temp, { recursive: true, force: true });
  });

  let files = 0;
  async function open(report: Report, options: BrowserContextOptions = {}): Promise<Opened> {
    files += 1;
    const file = join(temp, `report-${files}.html`);
    writeFileSync(file, htmlReport(report));
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`));
    const { href } = pathToFileURL(file);
    page.on('request', (request) => {
      if (request.url() !== href) requests.push(request.url());
    });
    await page.goto(href);
    return { page, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
  }

  /** What holds of every page. */
  async function assertCalm({ page, complaints, requests }: Opened): Promise<void> {
    for (const width of [360, 1600]) {
      await page.setViewportSize({ width, height: 900 });
      const room = await page.evaluate('document.documentElement.scrollWidth');
      assert.equal(room, width, `the page is as wide as its window of ${width} px`);
    }
    const nodes = Number(await page.evaluate('document.querySelectorAll("*").length'));
    assert.ok(nodes < 20_000, `${nodes} elements`);
    const unnamed = await page
      .locator(
        'svg:not(svg svg):not([aria-hidden=true]):not([role=img][aria-label]:not([aria-label=""]))',
      )
      .count();
    assert.equal(unnamed, 0, 'each drawing has a name');
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, []);
  }

  test('of a store that loses updates shows the verdict and how to see it again', async () => {
    const options = {
      clients: 4,
      operations: 80,
      workers: 4,
      seed: 'page',
      mode: 'threads',
    } as const;
    const report = await runTorture(lossyCounter, options);
    await using opened = await open(report);
    const { page } = opened;
    assert.equal(await page.locator('h1').textContent(), 'violation');
    assert.ok(
      (await page.locator('header .command code').allTextContents()).includes(report.replay),
    );
    assert.match((await page.locator('.finding').first().textContent()) ?? '', /linearizable/);
    await assertCalm(opened);
  });

  test('shows a counterexample as lanes with the order, and marks what has no place in it', async () => {
    await using opened = await open(reportOf([fullRun()]));
    const { page } = opened;
    const label = await page.locator('svg.calls').first().getAttribute('aria-label');
    assert.match(label ?? '', /in this order: 1: client 0 add 1 → 1; 2: client 0 add 1 → 2\./);
    assert.match(label ?? '', /without a place in it: client 1 add 1 → 2$/);
    assert.deepEqual(await page.locator('svg.calls text.place').allTextContents(), ['1', '2']);
    assert.match(
      (await page.locator('.sentence').textContent()) ?? '',
      /add 1 → 2 of client 1 cannot/,
    );
    await page.getByText('A test that shows it again').click();
    assert.ok(await page.getByText("test('two additions'").isVisible());
    await assertCalm(opened);
  });

  test('of 100,000 operations is small, and shows single ones when it is zoomed', async () => {
    const report = reportOf([fullRun({ timeline: timeline(100_000, 16) })]);
    assert.ok(htmlReport(report).length < 2e6);
    await using opened = await open(report);
    const { page } = opened;
    const figure = page.locator('figure.timeline');
    const said = figure.locator('output');
    const names = figure.locator('.words .name:not(.fault):not(.flag)');
    const visible = async () =>
      Number(/([\d,]+) op/.exec((await said.textContent()) ?? '')?.[1]?.replaceAll(',', ''));
    assert.equal(await names.count(), 0, 'too many to be named');
    await figure.getByLabel('Zoom in').click();
    const before = await visible();
    assert.ok(before > 1000 && before < 100_000, String(before));
    for (let times = 0; times < 8; times += 1) await figure.getByLabel('Zoom in').click();
    assert.ok((await visible()) < 400, String(await visible()));
    assert.ok((await names.count()) > 0);
    const zoomed = await said.textContent();
    await figure.locator('.plot').first().press('ArrowLeft');
    assert.notEqual(await said.textContent(), zoomed, 'a key moves it');
    await figure.locator('.plot').first().press('0');
    assert.equal(await visible(), 100_000);
    await assertCalm(opened);
  });

  test('is zoomed by dragging over a stretch, and tells of what the pointer is on', async () => {
    await using opened = await open(reportOf([fullRun()]));
    const { page } = opened;
    const plot = page.locator('figure.timeline svg.plot');
    const said = page.locator('figure.timeline output');
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 2, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.05, box.y + 60);
    assert.equal(await plot.locator('.brush').count(), 1);
    await page.mouse.up();
    assert.equal(await plot.locator('.brush').count(), 0);
    assert.match((await said.textContent()) ?? '', /^\d.* – .*, \d+ operations$/);
    const bar = plot.locator('.words .name:not(.fault):not(.flag)').first();
    const place = await bar.boundingBox();
    assert.ok(place);
    await page.mouse.move(place.x + 3, place.y + 5);
    assert.match((await said.textContent()) ?? '', /^client \d+ \w+ ok, at .*, took .*s$/);
    await assertCalm(opened);
  });

  test('hides kinds of operations, and goes to where the violation is', async () => {
    await using opened = await open(reportOf([fullRun()]));
    const { page } = opened;
    const figure = page.locator('figure.timeline');
    const drawn = () =>
      figure
        .locator('.shapes path[class^=k]')
        .evaluateAll((all) => all.map((one) => one.getAttribute('d')).join('').length);
    await figure.getByLabel('Show the violation').click();
    assert.match((await figure.locator('output').textContent()) ?? '', /^\d+ µs – \d+ µs|ms/);
    const all = await drawn();
    const toggle = figure.getByLabel('Show or hide add');
    await toggle.click();
    assert.equal(await toggle.getAttribute('aria-pressed'), 'false');
    assert.ok((await drawn()) < all);
    await toggle.click();
    assert.equal(await drawn(), all);
    await assertCalm(opened);
  });

  test('copies a command', async () => {
    await using opened = await open(reportOf([fullRun()]));
    const { page } = opened;
    await page.getByLabel('Copy: Replay the violation').click();
    await page.getByText('Copied').waitFor();
    assert.equal(
      await page.evaluate('getSelection().toString()'),
      'holdfast torture replay 7:a91c-0002',
    );
    await assertCalm(opened);
  });

  test('of many runs unfolds those that are not ok, and those that are asked for', async () => {
    const runs = Array.from({ length: 33 }, (_, index) =>
      emptyRun({ name: `P${index}`, timeline: timeline(3000), histograms: fullRun().histograms }),
    );
    const report = reportOf([...runs, fullRun({ name: 'bad' })]);
    await using opened = await open(report);
    const { page } = opened;
    assert.deepEqual(await page.locator('.run[open] h2 b, .run[open] h2').allTextContents(), [
      'bad reserve at once processes violation',
    ]);
    await page.locator('.runs a').nth(4).click();
    await page.locator('#run-5[open]').waitFor();
    assert.ok(await page.locator('#run-5 svg.plot').first().isVisible());
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    assert.equal(await page.locator('.run:not([open])').count(), 0, 'paper cannot be unfolded');
    await assertCalm(opened);
  });

  test('can be read without its script', async () => {
    const report = reportOf([fullRun({ timeline: timeline(100_000) })]);
    await using opened = await open(report, { javaScriptEnabled: false });
    const { page } = opened;
    assert.equal(await page.locator('h1').textContent(), 'violation');
    assert.ok(await page.locator('figure.timeline .shapes path.k0').first().isVisible());
    assert.equal(await page.locator('button').count(), 0, 'nothing that would do nothing');
  });

  test('of a run of which little is known has no empty parts', async () => {
    await using opened = await open(reportOf([emptyRun()]));
    const { page } = opened;
    assert.equal(await page.locator('h1').textContent(), 'ok');
    assert.deepEqual(await page.locator('h3').allTextContents(), []);
    await assertCalm(opened);
  });

  test('shows what a hostile store says as text', async () => {
    const runs = hostileTexts.map((said) => runSaying(said));
    await using opened = await open(reportOf(runs, { seed: hostileTexts[0] ?? '' }));
    const { page } = opened;
    assert.equal(
      await page.locator('img, iframe, script:not(body > script:last-child)').count(),
      0,
    );
    const markup = page.locator('.finding code', { hasText: '</script><script>alert(1)' });
    assert.ok((await markup.count()) > 0);
    for (const zoom of await page.getByLabel('Zoom in').all()) await zoom.click();
    await assertCalm(opened);
  });

  test('is legible by day and by night', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await using opened = await open(reportOf([fullRun()]), { colorScheme });
      const colours = await opened.page.evaluate<Record<string, string>>(`(() => {
        const style = getComputedStyle(document.documentElement);
        const names = ['page', 'ink', 'soft', 'link', 'wrong', 'good', 'doubt', 'fault'];
        return Object.fromEntries(names.map((name) => [name, style.getPropertyValue('--' + name).trim()]));
      })()`);
      const { page: back = '', ...inks } = colours;
      for (const [name, ink] of Object.entries(inks)) {
        const ratio = contrast(ink, back);
        const least = name === 'fault' ? 3 : 4.5;
        assert.ok(ratio >= least, `${colorScheme} ${name} ${ink} on ${back}: ${ratio.toFixed(1)}`);
      }
    }
  });
});

/** By WCAG 2: of two colours as `#rrggbb`. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
    const [red = 0, green = 0, blue = 0] = parts.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}
