import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { bareEnvironment, ROOT, steward } from '../../tests/support/command.mjs';
import { freePort } from '../../tests/support/free-port.mjs';
import { succeeded } from '../../tests/support/migrate.mjs';
import { browse } from './browser.mjs';

const PRISMA = path.join(ROOT, 'node_modules', 'prisma', 'build', 'index.js');

/** Prisma Studio on the sample organisation, in an embedded database that is thrown away. */
export async function photographStudio() {
  const STEWARD_DATA_DIR = await mkdtemp(path.join(os.tmpdir(), 'steward-pictures-'));
  const env = { STEWARD_DATA_DIR, STEWARD_EMBEDDED_LINGER_MS: '500' };
  const port = await freePort();
  succeeded(await steward(['seed'], env));
  const studio = spawn(process.execPath, [PRISMA, 'studio', '--browser', 'none', '--port', String(port)], {
    cwd: ROOT,
    env: bareEnvironment(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(studio, 'exit');
  try {
    // It says its address when it listens.
    await Promise.race([once(studio.stdout, 'data'), ended]);
    return await browse({ width: 1200, height: 620 }, async (page) => {
      await page.goto(`http://localhost:${port}`);
      await page.getByText('users', { exact: true }).first().click();
      await page.getByText('@example.com').first().waitFor();
      return page.screenshot();
    });
  } finally {
    studio.kill();
    await ended;
    await rm(STEWARD_DATA_DIR, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}
