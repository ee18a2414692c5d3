import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** The browser of this machine; undefined where there is none. */
export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (file) => existsSync(file),
);

/** Starts it without a window. Tests may run as root, and in a container. */
export async function launchChromium() {
  if (CHROMIUM === undefined) throw new Error('There is no Chromium here. Install the package chromium.');
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}
