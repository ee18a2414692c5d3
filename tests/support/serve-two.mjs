// `steward http` with the staff directory and a second domain, whose database cannot be reached.
import { z } from 'zod';
import { defineTool, EFFECTS } from '../../build/capability/define.js';
import { composeConfigured } from '../../build/commands/compose.js';
import { serveHttp } from '../../build/commands/serve-http.js';
import { Database } from '../../build/database/open.js';
import { createClient } from '../../build/directory/database.js';

await serveHttp((options) => {
  const { domains, databases } = composeConfigured(options);
  const { config, log } = options;
  const orders = new Database({
    name: 'orders',
    url: 'postgresql://127.0.0.1:1/orders',
    session: config.database.session,
    createClient,
    check: async () => ({ name: 'schema', state: 'current' }),
    log,
  });
  const countOrders = defineTool({
    name: 'count_orders',
    title: 'Count orders',
    description: 'How many orders there are',
    scope: 'orders:read',
    effect: EFFECTS.reads,
    input: z.strictObject({}),
    output: z.strictObject({ orders: z.int() }),
    handle: async () => {
      await orders.ready();
      return { orders: 0 };
    },
  });
  const domain = {
    name: 'orders',
    settings: {},
    scopes: ['orders:read'],
    tools: [countOrders],
    resources: [],
    prompts: [],
    completions: {},
    instructions: 'Orders.',
    redactArguments: () => ({}),
  };
  return { domains: [...domains, domain], databases: [...databases, orders] };
});
