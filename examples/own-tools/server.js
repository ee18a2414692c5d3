import pg from 'pg';
import { defineTool, EFFECTS, serve, StewardError } from 'steward-mcp';
import { z } from 'zod';

const quoteShipping = defineTool({
  name: 'quote_shipping',
  description: 'What it costs to send a parcel, in euros. The country is that of the customer.',
  effect: EFFECTS.reads,
  input: z.object({ country: z.string().length(2), grams: z.int().min(1).max(31_500) }),
  output: z.object({ euros: z.string() }),
  handle: ({ country, grams }) => ({ euros: ((country === 'DE' ? 4 : 9) + grams / 1000).toFixed(2) }),
});

const shop = new pg.Pool({ connectionString: process.env.SHOP_URL, max: 2 });
// A connection that was lost while nobody used it is replaced at the next query.
shop.on('error', () => {});

const restockProduct = defineTool({
  name: 'restock_product',
  description:
    'Adds pieces that came in to the stock of a product. Look its sku up with find_records. It is no correction: a second call adds them again.',
  effect: EFFECTS.adds,
  scope: 'tools:stock',
  input: z.object({ sku: z.string(), pieces: z.int().min(1).max(10_000) }),
  output: z.object({ sku: z.string(), name: z.string(), stock: z.int() }),
  async handle({ sku, pieces }) {
    const { rows } = await shop.query(
      'UPDATE products SET stock = stock + $2 WHERE sku = $1 AND sold_until IS NULL RETURNING *',
      [sku, pieces],
    );
    if (rows.length === 0)
      throw new StewardError('NOT_FOUND', `No product with the sku ${sku} is on sale. Nothing was changed.`);
    return rows[0];
  },
});

await serve({
  tools: [quoteShipping, restockProduct],
  config: new URL('steward.config.json', import.meta.url),
  transport: process.argv[2] === 'http' ? 'http' : 'stdio',
  instructions: 'Tools of the shop: postage, and goods that came in.',
});
