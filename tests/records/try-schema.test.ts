import path from 'node:path';
import { expect, it } from '@jest/globals';
import { onServer } from '../support/conditions.js';
import { ROOT, run } from '../support/command.mjs';
import { SERVER_URL } from '../support/template.mjs';

onServer('npm run try-schema, which makes databases (on a PostgreSQL server)', () => {
  it.each(['examples/shop/schema.prisma', 'examples/helpdesk/schema.prisma'])(
    'finds that every answer about %s is what SQL answers',
    async (schema) => {
      const script = path.join(ROOT, 'scripts', 'try-schema', 'main.mjs');
      const { code, stdout } = await run([script, path.join(ROOT, schema)], {
        TEST_DATABASE_URL: SERVER_URL,
      });
      expect(stdout).toMatch(/^[^\n]* models, \d fields hidden, \d+ calls, 0 problems; [^\n]*\n$/);
      expect(code).toBe(0);
    },
  );
});
