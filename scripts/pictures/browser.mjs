import { launchChromium } from '../../tests/support/chromium.mjs';

/**
 * A page in a browser without a window, while `look` looks at it.
 * @template Seen
 * @param {{ width: number, height: number }} viewport
 * @param {(page: import('playwright-core').Page) => Promise<Seen>} look
 * @returns {Promise<Seen>}
 */
export async function browse(viewport, look) {
  const browser = await launchChromium();
  try {
    return await look(await browser.newPage({ viewport }));
  } finally {
    await browser.close();
  }
}
