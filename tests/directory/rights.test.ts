import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { toolsFor } from '../../src/directory/index.js';
import type { DirectoryTool } from '../../src/directory/define-tool.js';
import { rightsOf } from '../../src/directory/rights.js';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { APP } from '../support/template.mjs';
import { startSteward, type Steward } from '../support/steward.js';
import { TOOLS } from './pinned-tools.js';

onServer(
  'a role with the rights that one tool names (on PostgreSQL only: the embedded one has one user)',
  () => {
    let database: TestDatabase;
    let steward: Steward;

    beforeAll(async () => {
      database = await freshDatabase();
      // Without a cache each call reads all that it needs.
      steward = await startSteward({ database, env: { CACHE_TTL_MS: '0' } });
      await steward.call('list_departments');
    });
    afterAll(async () => {
      await steward.stop();
      await database.drop();
    });

    async function grantOnly(tool: DirectoryTool): Promise<void> {
      await database.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${APP}`);
      await database.query(`REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM ${APP}`);
      for (const [table, { INSERT = [], UPDATE = [], sequence }] of Object.entries(rightsOf([tool]))) {
        await database.query(`GRANT SELECT ON ${table} TO ${APP}`);
        for (const [privilege, columns] of Object.entries({ INSERT, UPDATE }))
          if (columns.length > 0)
            await database.query(`GRANT ${privilege} (${columns.join(', ')}) ON ${table} TO ${APP}`);
        if (sequence !== undefined) await database.query(`GRANT USAGE ON SEQUENCE ${sequence} TO ${APP}`);
      }
    }

    it.each(TOOLS)('is enough for $name', async ({ name, call }) => {
      const tool = toolsFor(false).find((one) => one.name === name);
      if (!tool) throw new Error(`There is no tool ${name}`);
      await grantOnly(tool);
      expect((await steward.call(name, call)).text).not.toMatch(/^[A-Z_]+: /);
    });
  },
);
