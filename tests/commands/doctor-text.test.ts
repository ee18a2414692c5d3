import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { steward } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { administer } from '../support/server.mjs';
import { serverUrl } from '../support/template.mjs';

onServer('steward doctor', () => {
  it.each([
    ['UTF8 and C.UTF-8', `ENCODING 'UTF8' LOCALE 'C.UTF-8'`, /ok {3}text: UTF8, case folded/],
    [
      'SQL_ASCII',
      `ENCODING 'SQL_ASCII' LOCALE 'C'`,
      /FAIL {2}text: .*SQL_ASCII: letters beyond ASCII.*\n +→ make a database with ENCODING 'UTF8'/,
    ],
    ['LATIN1', `ENCODING 'LATIN1' LOCALE 'C'`, /FAIL {2}text: .*LATIN1: a character that it lacks/],
    [
      'Turkish case folding',
      `ENCODING 'UTF8' LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'`,
      /FAIL {2}text: .*as Turkish does with I: names that differ in case only are two names/,
    ],
    ['the locale C', `ENCODING 'UTF8' LOCALE 'C'`, /warn {2}text: .*ASCII letters only/],
  ])('says of a database with %s what breaks', async (_, settings, says) => {
    const name = `steward_test_${randomUUID()}`;
    await administer(`CREATE DATABASE "${name}" TEMPLATE template0 ${settings}`);
    try {
      expect((await steward(['doctor'], { DATABASE_URL: serverUrl(name) })).stdout).toMatch(says);
    } finally {
      await administer(`DROP DATABASE "${name}" WITH (FORCE)`);
    }
  });
});
