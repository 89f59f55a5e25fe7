import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as passing } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { group, leaf, type Plan, Tasks } from '../src/tasks.ts';
import { servePage, type TasksPage } from '../src/web.ts';
import { PageProcess } from './tasks/page-process.ts';
import { UnsteadyProxy } from './tasks/unsteady-proxy.ts';
import { findChromium, launch } from './torture/chromium.ts';

const executable = findChromium();
// Where everything is to be tested, what is not tested is no success.
const reason = executable || process.env.CI ? false : 'there is no Chromium: set CHROMIUM';

/** Nothing here takes as long on a machine that works. */
const WAIT_MS = 15_000;

const TOKEN = 'the-token-of-the-tests-of-the-page';

/** A page that is open, and all that it complained of. */
interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: string[];
}

/** A store in a directory of its own, and its page. */
interface Place extends AsyncDisposable {
  readonly dir: string;
  readonly tasks: Tasks;
  readonly served: TasksPage;
}

describe('the page of the tasks store', { skip: reason }, () => {
  let browser: Browser;
  before(async () => {
    assert.ok(executable, 'there is no Chromium: set CHROMIUM');
    browser = await launch(executable);
  });
  after(async () => {
    await browser?.close();
  });

  async function place(): Promise<Place> {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-tasks-page-'));
    const tasks = await Tasks.open({ dir, user: 'anna' });
    const served = await servePage(tasks, { token: TOKEN });
    const close = async () => {
      await served.close();
      await tasks.close();
      rmSync(dir, { recursive: true, force: true });
    };
    return { dir, tasks, served, [Symbol.asyncDispose]: close };
  }

  async function open(url: string): Promise<Opened> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`));
    await page.goto(url);
    return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
  }

  test('shows how far two processes are, that one was killed, and ends the other', async () => {
    await using at = await place();
    const starting = [PageProcess.start(at.dir, 'import'), PageProcess.start(at.dir, 'report')];
    const [first, second] = await Promise.all(starting);
    assert.ok(first && second);
    await using _both = new AsyncDisposableStack();
    _both.use(first);
    _both.use(second);
    await using opened = await open(at.served.url);
    const { page } = opened;
    await Promise.all(['Read', 'Count', 'Pages'].map((name) => movement(page, name)));
    assert.equal(await cell(page, 'Import', 'owner').textContent(), String(first.pid));
    assert.equal(await cell(page, 'Report', 'owner').textContent(), String(second.pid));
    await page.locator('#tab-processes').click();
    const memory = page.locator('.processes tbody tr', { hasText: `${first.pid}` });
    await memory.locator('td', { hasText: /^\d+ MiB$/ }).waitFor();
    const killedAt = Date.now();
    await first.kill();
    await row(page, 'Import').and(page.locator('[data-status=lost]')).waitFor();
    const afterMs = Date.now() - killedAt;
    assert.ok(afterMs < 5000, `seen after ${afterMs} ms`);
    const badge = cell(page, 'Import', 'owner').locator('.badge');
    assert.equal(await badge.getAttribute('data-state'), 'dead');
    assert.equal(await row(page, 'Read').getAttribute('data-status'), 'lost');
    assert.equal(await row(page, 'Report').getAttribute('data-status'), 'running');
    await movement(page, 'Pages');
    await row(page, 'Report').getByLabel('Ask to cancel Report').click();
    await page.getByText('Let it run').click();
    await row(page, 'Report').getByLabel('Ask to cancel Report').click();
    await page.getByRole('button', { name: 'Ask to cancel' }).last().click();
    await second.says('canceled');
    await row(page, 'Report').and(page.locator('[data-status=canceled]')).waitFor();
    assert.deepEqual(opened.complaints, []);
  });

  test('loses nothing when its connections break and its server is another one', async () => {
    await using at = await place();
    await using proxy = await UnsteadyProxy.before(at.served.port);
    await using process = await PageProcess.start(at.dir, 'visitors');
    await using opened = await open(`http://127.0.0.1:${proxy.port}/#${TOKEN}`);
    const { page } = opened;
    await row(page, 'Import').waitFor();
    for (let times = 0; times < 4; times += 1) {
      await passing(500);
      proxy.break();
    }
    await at.served.close();
    await page.locator('#connection[data-state=waiting]').waitFor();
    await using again = await servePage(at.tasks, { token: TOKEN, port: at.served.port });
    assert.equal(again.port, at.served.port);
    await page.locator('#connection[data-state=live]').waitFor();
    await process.finish();
    assert.ok(proxy.broken >= 4);
    const { items, seq } = await at.tasks.list();
    const board = "import('/modules/web/page/main.js').then(({ app }) => app.board";
    await until('all has come', async () => Number(await page.evaluate(`${board}.seq)`)) >= seq);
    const shown = await page.evaluate<unknown>(`${board}.jobs)`);
    assert.ok(items.length > 10, `${items.length} jobs`);
    assert.deepEqual(
      shown,
      JSON.parse(JSON.stringify(items.map(({ job, tasks }) => ({ job, tasks })))),
    );
    const failed = opened.complaints.filter((text) => !/ERR_|Failed to load/.test(text));
    assert.deepEqual(failed, []);
  });

  test('stays smooth with 500 rows that all move', async (t) => {
    await using at = await place();
    await using _process = await PageProcess.start(at.dir, 'many');
    await using opened = await open(at.served.url);
    const { page } = opened;
    await movement(page, 'Part 3');
    assert.equal(await page.locator('#tree').getAttribute('aria-rowcount'), '501');
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const used = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
    };
    await page.evaluate(WATCH_FRAMES);
    const before = await used();
    const beganAt = performance.now();
    for (let times = 0; times < 6; times += 1) {
      await passing(400);
      await page.mouse.move(500, 300);
      await page.mouse.wheel(0, 900);
    }
    const share = (1000 * ((await used()) - before)) / (performance.now() - beganAt);
    const { longest, slowest } = await page.evaluate<{ longest: number; slowest: number }>(
      'frames()',
    );
    const said = `longest task ${longest} ms, slowest frame ${slowest.toFixed()} ms, ${(100 * share).toFixed(1)} % of a core`;
    t.diagnostic(said);
    // Its own time is counted, whatever else the machine does; how long a task takes is not.
    assert.ok(share < 0.4 && longest < 1000, said);
    assert.ok(Number(await page.locator('.row').count()) < 80, 'what cannot be seen is not there');
    assert.deepEqual(opened.complaints, []);
  });

  test('shows what hostile names say as text, and runs nothing that is not its own', async () => {
    await using at = await place();
    const names = [
      '<img src=x onerror=alert(1)>',
      '</script><script>alert(1)</script>',
      '"><svg onload=alert(1)>',
      'javascript:alert(1)',
      '\u202egnitseretni',
      'x'.repeat(256),
    ];
    const job = await at.tasks.register(
      group(
        names[0] ?? '',
        names.map((name) => leaf(name, { unit: '<b>' })),
      ),
      {
        user: '<i>user</i>',
      },
    );
    await job.root.start();
    const [child] = job.root.children;
    await child?.start();
    await child?.warn('<script>alert("warning")</script>');
    child?.report({ progress: 1, message: '<u>message</u>' });
    await using opened = await open(at.served.url);
    const { page } = opened;
    for (const name of names.slice(1)) await row(page, name).waitFor();
    await page.locator('.aside', { hasText: '<u>message</u>' }).waitFor();
    await page.locator('#tree').focus();
    await page.keyboard.press('Home');
    for (const tab of ['task', 'events', 'log', 'processes'])
      await page.locator(`#tab-${tab}`).click();
    await page.locator('#tab-log').click();
    await page.locator('.said', { hasText: '<script>alert("warning")</script>' }).waitFor();
    const strange = 'main img, main script, iframe, main i, main u, main b, [onload], [onerror]';
    assert.equal(await page.locator(strange).count(), 0);
    await assertFits(page);
    assert.deepEqual(opened.complaints, []);
    const inline = await page.evaluate<readonly string[]>(`(() => {
      const refused = [];
      const attempt = (name, act) => { try { act(); } catch { refused.push(name); } };
      attempt('innerHTML', () => { document.body.innerHTML = '<p>'; });
      attempt('script', () => { document.createElement('script').textContent = 'x'; });
      return refused;
    })()`);
    assert.deepEqual(inline, ['innerHTML', 'script']);
    await job.root.cancel();
  });

  test('shows nothing without the token, and nothing to a page from elsewhere', async () => {
    await using at = await place();
    await using other = await place();
    const job = await at.tasks.register(leaf('Secret'));
    const origin = `http://127.0.0.1:${at.served.port}/`;
    await using opened = await open(`${origin}#wrong`);
    const { page } = opened;
    await page.getByText('This link is not valid any more').waitFor();
    assert.equal(await page.locator('#connection').textContent(), 'Not allowed');
    assert.equal(await page.locator('.row').count(), 0);
    await page.goto(other.served.url);
    await page.getByText('No jobs yet').waitFor();
    const asked = await page.evaluate<string>(
      `fetch('${origin}', { mode: 'no-cors' }).then(() => 'given', () => 'refused')`,
    );
    assert.equal(asked, 'refused');
    await page.goto(at.served.url);
    await row(page, 'Secret').waitFor();
    assert.equal(page.url(), origin, 'the token does not stay in the address bar');
    await page.reload();
    await row(page, 'Secret').waitFor();
    await job.root.cancel();
  });

  test('shows what happened before it was opened, and what happens then', async () => {
    await using at = await place();
    await at.tasks.run(sample, ({ root }) => walk(root));
    await at.tasks.run(sample, ({ root }) => walk(root));
    await at.tasks.run(leaf('Broken'), () => Promise.reject(new Error('no disk'))).catch(() => {});
    await using opened = await open(at.served.url);
    const { page } = opened;
    const line = (word: string, subject: string) =>
      page.locator('#panel-events .line', { hasText: word }).filter({ hasText: subject });
    await line('finished', 'Sample').first().waitFor();
    await page.locator('.said', { hasText: 'no disk' }).waitFor();
    await row(page, 'Broken').locator('.aside', { hasText: 'no disk' }).waitFor();
    const before = await page.evaluate<number>(LINES);
    await at.tasks.run(sample, ({ root }) => walk(root));
    const lines = () => page.evaluate<number>(LINES);
    await until('it goes on', async () => (await lines()) > before);
    await page.locator('#tab-log').click();
    const logged = page.locator('#panel-log .line', { hasText: 'one is enough' });
    await until('all warnings are there', async () => (await logged.count()) === 3);
    await cell(page, 'Sample', 'left')
      .filter({ hasText: /^[±+−]\d+%$/ })
      .first()
      .waitFor();
    await row(page, 'Sample').first().click();
    await page.locator('#tab-task').click();
    const step = page.locator('.steps tbody tr', { hasText: 'Two' });
    await step.filter({ hasText: /[+−][\d.]+ s$/ }).waitFor();
    assert.deepEqual(opened.complaints, []);
  });

  test('can be filtered, and walked through by keys', async () => {
    await using at = await place();
    const elsewhere = at.tasks.at('elsewhere');
    const jobs = [
      await at.tasks.register(group('Alpha', [leaf('One'), leaf('Two')]), { job: 'first' }),
      await elsewhere.register(leaf('Beta'), { job: 'second', user: 'bert' }),
    ] as const;
    for (const { root } of jobs) await root.start();
    await at.tasks.run(leaf('Gamma'), () => undefined);
    await using opened = await open(at.served.url);
    const { page } = opened;
    const shown = (...names: string[]) =>
      until(`rows are ${names}`, async () => String(await page.evaluate(ROWS)) === String(names));
    await shown('Beta', 'Alpha', 'One', 'Two', 'Gamma');
    await page.keyboard.press('/');
    await page.keyboard.type('tWo');
    await shown('Alpha', 'Two');
    await page.getByText('Clear the filter').click();
    await page.locator('#databases').getByText('elsewhere').click();
    await shown('Beta');
    await page.getByText('Clear the filter').click();
    await page.locator('#users').getByText('anna').click();
    await shown('Alpha', 'One', 'Two', 'Gamma');
    await page.locator('#statuses').getByText('finished').click();
    await shown('Gamma');
    assert.equal(await page.locator('#active-only').isChecked(), false);
    await page.getByText('Clear the filter').click();
    await page.locator('#job').fill('nowhere');
    await page.getByText('3 jobs are hidden by the filter.').waitFor();
    await page.getByText('Show all jobs').click();
    await shown('Beta', 'Alpha', 'One', 'Two', 'Gamma');
    await page.locator('#tree').focus();
    const selected = () => page.locator('.row[aria-selected=true] .label').textContent();
    for (const [key, name] of [
      ['Home', 'Beta'],
      ['ArrowDown', 'Alpha'],
      ['ArrowRight', 'One'],
      ['ArrowLeft', 'Alpha'],
    ] as const) {
      await page.keyboard.press(key);
      await until(`${name} is selected`, async () => (await selected()) === name);
    }
    const active = await page.locator('#tree').getAttribute('aria-activedescendant');
    assert.equal(await row(page, 'Alpha').getAttribute('id'), active);
    await page.keyboard.press('ArrowLeft');
    await shown('Beta', 'Alpha', 'Gamma');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.locator('#panel-task h2', { hasText: 'Gamma' }).waitFor();
    assert.equal(await selected(), 'Gamma');
    await page.locator('#tree').focus();
    const { signal, root: alpha } = jobs[0];
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    for (const key of ['Home', 'ArrowDown', 'Delete', 'Tab', 'Enter'])
      await page.keyboard.press(key);
    await aborted;
    await page.locator('#panel-task dd', { hasText: 'running, cancel requested' }).waitFor();
    await alpha.cancel();
    await jobs[1].root.cancel();
    assert.deepEqual(opened.complaints, []);
  });

  test('is legible by day and by night, and fits where it is', async () => {
    await using at = await place();
    await at.tasks.run(sample, ({ root }) => walk(root));
    await using opened = await open(at.served.url);
    const { page } = opened;
    await row(page, 'Sample').waitFor();
    await assertFits(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const colours = await page.evaluate<Readonly<Record<string, string>>>(COLOURS);
      for (const name of ['ink', 'soft', 'link', 'wrong', 'good', 'doubt']) {
        for (const back of ['page', 'well']) {
          const ratio = contrast(colours[name] ?? '', colours[back] ?? '');
          assert.ok(ratio >= 4.5, `${colorScheme} ${name} on ${back}: ${ratio.toFixed(1)}`);
        }
      }
    }
    assert.deepEqual(opened.complaints, []);
  });

  test('tells who has nothing to see how to begin', async () => {
    await using at = await place();
    await using opened = await open(at.served.url);
    await opened.page.getByText('No jobs yet').waitFor();
    await at.tasks.run(leaf('First'), () => undefined);
    await row(opened.page, 'First').waitFor();
    assert.equal(await opened.page.locator('#empty').isVisible(), false);
  });
});

const sample: Plan = group('Sample', [leaf('One', { volume: 2 }), leaf('Two', { volume: 2 })]);

async function walk(root: Awaited<ReturnType<Tasks['register']>>['root']): Promise<void> {
  for (const task of root.children) {
    await task.start();
    task.advance(2);
    await passing(15);
    await task.finish();
  }
  await root.children[0]?.warn('one is enough').catch(() => undefined);
}

function row(page: Page, name: string) {
  const label = page.locator('.label', { hasText: new RegExp(`^${RegExp.escape(name)}$`) });
  return page.locator('.row').filter({ has: label });
}

function cell(page: Page, name: string, which: string) {
  return row(page, name).locator(`.cell.${which}`);
}

/** Waits until what is shown of a task's progress has changed twice. */
async function movement(page: Page, name: string): Promise<void> {
  const track = cell(page, name, 'progress');
  await track.waitFor();
  const shown = () => track.evaluate((node: { innerHTML: string }) => node.innerHTML);
  for (let times = 0; times < 2; times += 1) {
    const before = await shown();
    await until(`${name} moves`, async () => (await shown()) !== before);
  }
}

/** Nothing is wider than its window, on a telephone and on a wide screen. */
async function assertFits(page: Page): Promise<void> {
  for (const width of [360, 800, 1600]) {
    await page.setViewportSize({ width, height: 800 });
    const room = await page.evaluate('document.documentElement.scrollWidth');
    assert.equal(room, width, `the page is as wide as its window of ${width} px`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** Polled: the page's policy does not let a waiting function into it. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + WAIT_MS;
  while (!(await isSo())) {
    assert.ok(performance.now() < giveUpAt, `in vain: ${what}`);
    await passing(30);
  }
}

/** Names of the rows that can be seen, from the top. */
const ROWS = `[...document.querySelectorAll('.row')]
  .sort((a, b) => a.offsetTop - b.offsetTop)
  .map((row) => row.querySelector('.label').textContent)`;

/** Lines of the tail of events, seen or not. */
const LINES = `document.querySelector('#panel-events .lines').offsetHeight / 24`;

const WATCH_FRAMES = `(() => {
  const tasks = [];
  const waits = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
  let last = performance.now();
  const frame = (now) => { waits.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  globalThis.frames = () => ({ longest: Math.max(0, ...tasks), slowest: Math.max(0, ...waits) });
})()`;

/** Colours as a canvas knows them: '#rrggbb', whatever they were written as. */
const COLOURS = `(() => {
  const probe = document.body.appendChild(document.createElement('i'));
  const pen = document.createElement('canvas').getContext('2d');
  const names = ['page', 'well', 'ink', 'soft', 'link', 'wrong', 'good', 'doubt'];
  return Object.fromEntries(names.map((name) => {
    probe.style.color = 'var(--' + name + ')';
    pen.fillStyle = getComputedStyle(probe).color;
    return [name, pen.fillStyle];
  }));
})()`;

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
