import { chromium } from 'playwright-core';

/**
 * A page in a headless browser of this machine, while `look` looks at it.
 * @template Seen
 * @param {{ width: number, height: number }} viewport
 * @param {(page: import('playwright-core').Page) => Promise<Seen>} look
 * @returns {Promise<Seen>}
 */
export async function browse(viewport, look) {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    // Chromium has no sandbox for root.
    chromiumSandbox: process.getuid?.() !== 0,
  });
  try {
    return await look(await browser.newPage({ viewport }));
  } finally {
    await browser.close();
  }
}
