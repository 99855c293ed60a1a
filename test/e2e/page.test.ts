// The page in a real browser, with the real policy on what a page may load, and a control plane that says what the test wants.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import type { StatusResponse } from '#api/control.ts';
import { fakeControl } from '../fakes/control-api.ts';
import type { FakeAnswers, FakeControl } from '../fakes/control-api.ts';
import { SHOP_ANSWERS, SHOP_STATUS } from '../fakes/shop-status.ts';

const PAGE_DIR = fileURLToPath(new URL('../../dashboard/page', import.meta.url));
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const CHROMIUM = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path !== '' && existsSync(path),
);

interface Open extends AsyncDisposable {
  readonly page: Page;
  readonly control: FakeControl;
  /** Console errors, refusals of the content security policy, and uncaught errors. */
  readonly faults: string[];
}

describe('the page', { skip: CHROMIUM === undefined ? 'no chromium on this machine; set CHROMIUM to one' : false }, () => {
  let browser: Browser;
  before(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM as string, args: FLAGS });
  });
  after(() => browser.close());

  async function open(answers: FakeAnswers = SHOP_ANSWERS, fragment?: string): Promise<Open> {
    const control = await fakeControl(answers, PAGE_DIR);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await page.goto(`${control.url}/${fragment ?? `#token=${control.token}`}`);
    return {
      page,
      control,
      faults,
      async [Symbol.asyncDispose]() {
        await context.close();
        await control.close();
      },
    };
  }

  test('takes the token out of the address and draws every service and call', async () => {
    await using at = await open();
    const { page } = at;
    await page.waitForSelector('svg .node');
    assert.equal(await page.evaluate('location.href'), `${at.control.url}/`, 'the token stays in no history');
    assert.equal(await page.locator('svg .node').count(), 8, 'six services, the gateway, the world');
    assert.equal(await page.locator('svg .edge').count(), SHOP_STATUS.links.length);
    assert.deepEqual(await page.locator('svg .edge.denied').count(), 1, 'the refused call stands out');
    assert.match((await page.locator('svg .label.has-denied').textContent()) ?? '', /3 denied/);
    assert.equal(await page.locator('#services tr').count(), 6);
    assert.match((await page.locator('#state').textContent()) ?? '', /policy in force/);
    await page.reload();
    await page.waitForSelector('svg .node');
    assert.deepEqual(at.faults, []);
    assert.deepEqual(at.control.unauthorized, []);
  });

  test('labels do not lie on services, and nothing leaves the picture', async () => {
    await using at = await open();
    await at.page.waitForSelector('svg .node');
    const overlaps = await at.page.evaluate(`(() => {
      const box = (element) => element.getBoundingClientRect();
      const frame = box(document.querySelector('#graph svg'));
      const found = [];
      for (const element of document.querySelectorAll('.node, .label')) {
        const one = box(element);
        if (one.left < frame.left - 1 || one.right > frame.right + 1 || one.top < frame.top - 1 || one.bottom > frame.bottom + 1) found.push('outside: ' + element.textContent);
      }
      const nodes = [...document.querySelectorAll('.node rect')].map(box);
      for (const [i, a] of nodes.entries())
        for (const b of nodes.slice(i + 1)) if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) found.push('two services overlap');
      return found;
    })()`);
    assert.deepEqual(overlaps, []);
    const wider = await at.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    assert.equal(wider, 0, 'the page does not scroll sideways at 1280');
  });

  test('counts, rates and certificates move on', async () => {
    await using at = await open();
    const { page, control } = at;
    await page.waitForSelector('svg .node');
    const certificate = page.locator('#services tr').first().locator('td').nth(2);
    const before = (await certificate.textContent()) ?? '';
    assert.match(before, /^\d\d:\d\d:\d\d$/);
    await page.locator('#services tr:first-child td:nth-child(3)', { hasNotText: before }).waitFor();
    const links = SHOP_STATUS.links.map((link) => ({ ...link, requests: link.requests + 50 }));
    control.push({ timeMs: SHOP_STATUS.timeMs + 5_000, links, totals: { ...SHOP_STATUS.totals, requests: 99_999, denied: 4 } });
    await page
      .locator('.label .rate', { hasText: /^10\/s$/ })
      .first()
      .waitFor();
    await page.locator('#totals dd.bad', { hasText: /^4$/ }).waitFor();
    assert.deepEqual(at.faults, []);
  });

  test('a denial opens to its reason and the smallest change', async () => {
    await using at = await open();
    const { page } = at;
    const item = page.locator('#denials li', { hasText: 'POST /api/charge' });
    assert.match(
      (await page.locator('#denials li').first().textContent()) ?? '',
      /GET \/api\/invoices/,
      'the newest stands first',
    );
    assert.equal(await page.locator('#denials li').first().locator('.times').textContent(), '× 2', 'equal ones are one');
    const times = await page.locator('#denials .times').allTextContents();
    const listed = times.reduce((sum, text) => sum + (text === '' ? 1 : Number(text.slice(2))), 0);
    assert.equal(await page.locator('#denials-count').textContent(), String(listed), 'the count is of what is listed');
    await item.locator('summary').click();
    await item.locator('pre').waitFor();
    assert.match((await item.textContent()) ?? '', /payment-processing\.yaml:72:28/);
    assert.match((await item.locator('pre').textContent()) ?? '', /sa\/logging/);
    await page.locator('#findings summary').click();
    assert.match((await page.locator('#findings li').textContent()) ?? '', /BackendTrafficPolicy/);
    assert.deepEqual(at.faults, []);
  });

  test('without a token it asks for one, and says when it is wrong', async () => {
    await using at = await open(SHOP_ANSWERS, '');
    const { page } = at;
    await page.waitForSelector('#login:not([hidden])');
    assert.equal(await page.locator('#main').isVisible(), false);
    await page.fill('#token', 'wrong');
    await page.click('#login button');
    await page.locator('#login-error', { hasText: 'not known' }).waitFor();
    assert.equal(await page.evaluate('sessionStorage.length'), 0, 'a token that is not known is not kept');
    await page.fill('#token', at.control.token);
    await page.click('#login button');
    await page.waitForSelector('svg .node');
    assert.equal(await page.locator('#login').isVisible(), false);
  });

  test('a lost connection is said and made again', async () => {
    await using at = await open();
    await at.page.waitForSelector('svg .node');
    at.control.cut();
    await at.page.locator('#state', { hasText: 'connect' }).waitFor();
    await at.page.locator('#state', { hasText: 'policy in force' }).waitFor();
    at.control.push({ totals: { ...SHOP_STATUS.totals, denied: 77 } });
    await at.page.locator('#totals dd.bad', { hasText: '77' }).waitFor();
  });

  test('names from manifests and requests are text, never markup', async () => {
    const evil = '<img src=x onerror="document.title=`owned`">';
    const [workload, ...others] = SHOP_STATUS.workloads;
    const status: StatusResponse = {
      ...SHOP_STATUS,
      workloads: [{ ...(workload as StatusResponse['workloads'][number]), id: `ecommerce/${evil}`, identity: evil }, ...others],
      links: [
        ...SHOP_STATUS.links,
        { ...(SHOP_STATUS.links[0] as StatusResponse['links'][number]), destination: `ecommerce/${evil}` },
      ],
      findings: [
        { id: 'x', code: evil, severity: 'high', title: evil, message: evil, references: [], fix: { text: evil, yaml: evil } },
      ],
      rejected: { version: '1', reason: evil, timeMs: 0 },
    };
    const [denial] = SHOP_ANSWERS.denials;
    await using at = await open({ ...SHOP_ANSWERS, status, denials: [{ ...denial, path: evil, source: evil } as never] });
    await at.page.waitForSelector('svg .node');
    await at.page.waitForSelector('#denials li');
    assert.equal(await at.page.locator('img').count(), 0);
    assert.equal(await at.page.title(), 'Cullis');
    assert.match((await at.page.locator('#denials').textContent()) ?? '', /<img src=x/);
    assert.deepEqual(at.faults, []);
  });

  test('an idle system says what to do', async () => {
    const status: StatusResponse = { ...SHOP_STATUS, links: [], findings: [], totals: { requests: 0, denied: 0, failed: 0 } };
    await using at = await open({ ...SHOP_ANSWERS, status, denials: [] });
    for (const id of ['graph-empty', 'denials-empty', 'findings-empty']) await at.page.waitForSelector(`#${id}:not([hidden])`);
    assert.equal(await at.page.locator('svg .node').count(), 7);
    assert.deepEqual(at.faults, []);
  });
});
