import { rm } from 'node:fs/promises';
import { administer } from './server.mjs';
import { RUN_DIR, SERVER_URL, TEMPLATE_NAME } from './template.mjs';

export default async function tidy() {
  if (SERVER_URL !== undefined) await administer(`DROP DATABASE "${TEMPLATE_NAME}" WITH (FORCE)`);
  await rm(RUN_DIR, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}
