import { describe } from '@jest/globals';
import type { Browser, Frame, Page } from 'playwright-core';
import { openHostPage } from '../support/apps.mjs';
import { CHROMIUM, launchChromium } from '../support/chromium.mjs';
import type { Steward } from '../support/steward.js';

/** Runs where there is a browser. */
export const inBrowser = CHROMIUM === undefined ? describe.skip : describe;

/** To be told in a name, where there is none. */
export const whyNoBrowser = CHROMIUM === undefined ? ' (skipped: Chromium is not installed here)' : '';

const HOST = 'http://host.test/';
const PATIENCE_MS = 10_000;

interface Shown {
  hostContext?: Record<string, unknown>;
  /** What the client can do for the page. */
  abilities?: Record<string, object>;
}

/** Chromium with a client of MCP Apps, and no network. */
export class AppBrowser {
  /** Every address that was asked for, but the client's own. */
  readonly asked: string[] = [];
  /** The contents that the page had saved. */
  readonly saved: unknown[] = [];
  /** Reads a resource for the page. */
  steward: Steward | undefined;

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  static async start(): Promise<AppBrowser> {
    const launched = await launchChromium();
    const one = new AppBrowser(launched, await launched.newPage());
    await one.#open();
    return one;
  }

  async #open(): Promise<void> {
    const { page } = this;
    page.setDefaultTimeout(PATIENCE_MS);
    await page.route('**/*', (route) => {
      const url = route.request().url();
      if (url === HOST)
        return route.fulfill({ contentType: 'text/html', body: '<!doctype html><body></body>' });
      this.asked.push(url);
      return route.abort();
    });
    await page.exposeFunction('readResource', (uri: string) => this.steward?.client.readResource({ uri }));
    await page.exposeFunction('saveFile', (contents: unknown[]) => {
      this.saved.push(...contents);
      return {};
    });
    await page.goto(HOST);
    await openHostPage(page);
  }

  /** Shows a tool's result in a page. @returns the page's frame */
  async show(html: string, result: object, { hostContext = {}, abilities = {} }: Shown = {}): Promise<Frame> {
    await this.page.evaluate(
      (shown) => (globalThis as unknown as { show(shown: unknown): Promise<void> }).show(shown),
      { html, result, hostContext, abilities },
    );
    return this.page.frames().at(-1) as Frame;
  }

  async changeContext(hostContext: Record<string, unknown>): Promise<void> {
    await this.page.evaluate(
      (context) =>
        (globalThis as unknown as { changeContext(context: unknown): void }).changeContext(context),
      hostContext,
    );
  }

  /** @returns the page's answer to a request of the client */
  request(method: string): Promise<unknown> {
    return this.page.evaluate(
      (asked) => (globalThis as unknown as { request(method: string): Promise<unknown> }).request(asked),
      method,
    );
  }

  stop(): Promise<void> {
    return this.browser.close();
  }
}
