import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { z } from 'zod';
import { serveExample, type Example } from '../records/example.js';
import { SHOWS_PAGES } from '../support/apps.mjs';
import { eventually } from '../support/eventually.js';
import { claims } from '../support/modern.js';
import { startSteward, type Steward } from '../support/steward.js';
import { AppBrowser, inBrowser, whyNoBrowser } from './browser.js';

const PAGE = 'ui://steward/answer.html';
const SAVES = { downloadFile: {}, serverResources: {} };
const MARKUP = `<img src="http://elsewhere.test/x.png" onerror="globalThis.hacked = true">`;

/** As a client of MCP 2026-07-28 that shows pages. */
async function request(steward: Steward, method: string, params: object): Promise<Record<string, unknown>> {
  const whole = { ...params, _meta: claims(SHOWS_PAGES) };
  return steward.client.request({ method, params: whole }, z.looseObject({}));
}

inBrowser(`the page of answers in Chromium${whyNoBrowser}`, () => {
  let shop: Example;
  let browser: AppBrowser;
  let html: string;
  const call = (name: string, args: object) => request(shop.steward, 'tools/call', { name, arguments: args });
  const byStatus = { model: 'Order', metrics: 'count, sum(total)', group_by: 'status' };

  beforeAll(async () => {
    [shop, browser] = await Promise.all([serveExample('shop'), AppBrowser.start()]);
    browser.steward = shop.steward;
    await shop.database.query(
      `INSERT INTO products (sku, name, category, price, purchase_price, stock, sold_since) VALUES ('X', '${MARKUP}', '${MARKUP}', 1, 1, 0, '2026-01-01')`,
    );
    const { contents } = await request(shop.steward, 'resources/read', { uri: PAGE });
    html = (contents as [{ text: string }])[0].text;
  });
  afterAll(async () => {
    await browser.stop();
    await shop.stop();
  });

  it('draws the groups of an answer as bars, by the metric that is chosen, above its table', async () => {
    const result = await call('aggregate_records', byStatus);
    const { groups } = result['structuredContent'] as { groups: { rows: [string, number, string][] } };
    const frame = await browser.show(html, result);
    await frame.waitForSelector('.ct-bar', { state: 'attached' });
    const titles = () => frame.locator('.ct-bar title').allTextContents();
    expect((await titles()).toReversed()).toEqual(
      groups.rows.map(([status, count]) => `${status}: ${count}`),
    );
    await frame.locator('select').selectOption({ label: 'sum_total' });
    expect((await titles()).toReversed()).toEqual(groups.rows.map(([status, , sum]) => `${status}: ${sum}`));
    expect(await frame.locator('tbody tr').count()).toBe(groups.rows.length);
    expect(await frame.locator('.ct-label.ct-vertical').allTextContents()).toEqual(
      groups.rows.map(([status]) => status).toReversed(),
    );
  });

  it('draws stretches of time as a line', async () => {
    const question = { model: 'Order', metrics: 'count', group_by: 'month(placedAt)' };
    const result = await call('aggregate_records', question);
    const { groups } = result['structuredContent'] as { groups: { rows: unknown[] } };
    const frame = await browser.show(html, result);
    await frame.waitForSelector('.ct-line', { state: 'attached' });
    expect(await frame.locator('.ct-point').count()).toBe(groups.rows.length);
  });

  it('sorts by a column at a click: up, down, and as it was; numbers as numbers', async () => {
    const result = await call('aggregate_records', { ...byStatus, group_by: 'customer.name' });
    const frame = await browser.show(html, result);
    const cells = (at: number) => frame.locator(`tbody td:nth-child(${at})`).allTextContents();
    const given = await cells(3);
    const click = () => frame.getByRole('button', { name: 'sum_total' }).click();
    await click();
    const sorted = given.toSorted((a, b) => Number(a) - Number(b));
    expect(await cells(3)).toEqual(sorted);
    expect(await frame.locator('th[aria-sort=ascending]').count()).toBe(1);
    await click();
    expect(await cells(3)).toEqual(sorted.toReversed());
    await click();
    expect(await cells(3)).toEqual(given);
    expect(sorted).not.toEqual(given);
  });

  it('takes nothing that people typed for HTML, in the table and in the chart', async () => {
    const result = await call('aggregate_records', {
      model: 'Product',
      metrics: 'count',
      group_by: 'category',
    });
    const frame = await browser.show(html, result);
    await frame.waitForSelector('.ct-bar', { state: 'attached' });
    expect(await frame.locator('td', { hasText: MARKUP }).count()).toBe(1);
    expect(await frame.locator('.ct-label', { hasText: '<img src="' }).count()).toBe(1);
    expect(await frame.locator('.ct-bar title', { hasText: MARKUP }).count()).toBe(1);
    expect(await frame.locator('img').count()).toBe(0);
    expect(await frame.evaluate('globalThis.hacked')).toBeUndefined();
  });

  it('is dark and light as the client says, and else as the system is', async () => {
    const result = await call('aggregate_records', byStatus);
    const shade = async (hostContext: Record<string, unknown>) => {
      const frame = await browser.show(html, result, { hostContext });
      return frame.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    };
    const [light, dark] = [await shade({ theme: 'light' }), await shade({ theme: 'dark' })];
    expect(light).toBe('rgb(255, 255, 255)');
    expect(dark).not.toBe(light);
    await browser.page.emulateMedia({ colorScheme: 'dark' });
    expect(await shade({})).toBe(dark);
    expect(await shade({ theme: 'light' })).toBe(light);
    await browser.changeContext({ theme: 'dark' });
    const frame = browser.page.frames().at(-1);
    await frame?.waitForFunction(
      `getComputedStyle(document.documentElement).backgroundColor === '${String(dark)}'`,
    );
    await browser.page.emulateMedia({ colorScheme: 'light' });
    expect(await shade({ styles: { variables: { '--color-background-primary': 'rgb(1, 2, 3)' } } })).toBe(
      'rgb(1, 2, 3)',
    );
  });

  it('has the client save the answer as CSV, where the client can', async () => {
    const result = await call('sales_by_month', { status: 'PAID' });
    const without = await browser.show(html, result, { abilities: { downloadFile: {} } });
    await without.waitForSelector('table');
    expect(await without.locator('.save').count()).toBe(0);
    const frame = await browser.show(html, result, { abilities: SAVES });
    await frame.locator('.save').click();
    await eventually(() => browser.saved.length > 0);
    expect(browser.saved).toEqual([
      {
        type: 'resource',
        resource: {
          uri: 'file:///sales_by_month.csv',
          mimeType: 'text/csv',
          text: expect.stringMatching(/^month_placedAt,count,sum_total\r\n2026-/),
        },
      },
    ]);
  });

  it('says where there is more than it shows', async () => {
    for (const [limit, times] of [
      [2, 1],
      [50, 0],
    ] as const) {
      const frame = await browser.show(html, await call('aggregate_records', { ...byStatus, limit }));
      await frame.waitForSelector('table');
      expect(await frame.getByText('There is more than this table shows.').count()).toBe(times);
    }
  });

  it('draws no chart of columns that it cannot read, and shows the table', async () => {
    const result = await call('aggregate_records', byStatus);
    const altered = { ...result, _meta: { 'steward/shown': { chart: { labels: 0, values: 'all' } } } };
    const frame = await browser.show(html, altered);
    await frame.waitForSelector('table');
    expect(await frame.locator('figure').count()).toBe(0);
  });

  it('answers the requests that MCP Apps has for a page, and says that it knows no others', async () => {
    await browser.show(html, await call('aggregate_records', byStatus));
    for (const method of ['ping', 'ui/resource-teardown'])
      expect(await browser.request(method)).toMatchObject({ result: {} });
    for (const method of ['tools/call', 'toString'])
      expect(await browser.request(method)).toMatchObject({ error: { code: -32601 } });
  });

  it('says in the words of the server why a file is not saved', async () => {
    const result = await call('sales_by_month', { status: 'PAID' });
    const csv = { uri: 'records://csv/sales_by_month/altered', name: 'sales_by_month.csv' };
    const altered = { ...result, _meta: { 'steward/shown': { csv } } };
    const frame = await browser.show(html, altered, { abilities: SAVES });
    await frame.locator('.save').click();
    await frame.locator('[role=status]:not(:empty)').waitFor();
    expect(await frame.locator('[role=status]').textContent()).toContain(
      'NOT_FOUND: There is no file at this address for you',
    );
  });

  it('shows list_departments, which department_report begins with, and an error as its text', async () => {
    const staff = await startSteward();
    try {
      const result = await request(staff, 'tools/call', { name: 'list_departments', arguments: {} });
      const frame = await browser.show(html, result);
      await frame.waitForSelector('.ct-bar', { state: 'attached' });
      expect(await frame.locator('option').allTextContents()).toEqual(['active', 'inactive']);
    } finally {
      await staff.stop();
    }
    const refused = await call('aggregate_records', { model: 'Orders', metrics: 'count' });
    const frame = await browser.show(html, refused);
    await frame.getByText("VALIDATION: model: There is no model 'Orders'.").waitFor();
  });

  it('asks the network for nothing, and may not', async () => {
    const result = await call('aggregate_records', byStatus);
    const frame = await browser.show(html, result);
    const refused = (code: string) => frame.evaluate(`${code}.then(() => 'reached', () => 'refused')`);
    expect(await refused("fetch('http://elsewhere.test/')")).toBe('refused');
    const image =
      "new Promise((resolve, reject) => Object.assign(new Image(), { src: 'http://elsewhere.test/x.png', onload: resolve, onerror: reject }))";
    expect(await refused(image)).toBe('refused');
    expect(browser.asked).toEqual([]);
  });
});
