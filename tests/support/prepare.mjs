import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { prisma, steward } from './command.mjs';
import { migrate, succeeded } from './migrate.mjs';
import { administer, makeRoles } from './server.mjs';
import { APP, OWNER, RUN_DIR, SERVER_URL, serverUrl, TEMPLATE_DIR, TEMPLATE_NAME } from './template.mjs';

/** Makes the template of this run: on a server as prisma/roles.sql has an operator do it. */
export default async function prepare() {
  await mkdir(RUN_DIR, { recursive: true });
  if (SERVER_URL === undefined) {
    succeeded(await steward(['seed'], { STEWARD_DATA_DIR: TEMPLATE_DIR, STEWARD_EMBEDDED_LINGER_MS: '0' }));
    // A folder may be copied only when its database is closed; its process takes a moment to leave after its last client.
    while ((await readdir(path.join(TEMPLATE_DIR, 'run'))).length > 0) await setTimeout(50);
    return;
  }
  await administer(`CREATE DATABASE "${TEMPLATE_NAME}"`);
  await makeRoles(TEMPLATE_NAME);
  const owner = serverUrl(TEMPLATE_NAME, OWNER);
  await migrate(owner);
  succeeded(await prisma(['db', 'execute', '--file', 'prisma/roles.sql'], { DATABASE_URL: owner }));
  succeeded(await steward(['seed'], { DATABASE_URL: serverUrl(TEMPLATE_NAME, APP) }));
}
