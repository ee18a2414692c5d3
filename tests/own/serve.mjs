// @ts-nocheck
// A program with tools of its own, right and wrong, as an author without a compiler may write them. Its zod is another copy
// than Steward's, and the oldest that is allowed.
import { defineTool, EFFECTS, serve, StewardError } from 'steward-mcp';
import { z } from 'zod-oldest';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';

const times = defineTool({
  name: 'times',
  description: 'Multiplies.',
  effect: EFFECTS.reads,
  input: z.object({
    a: z.number().positive().describe('More than nothing'),
    b: z.int().max(1000).optional(),
    kind: z.enum(['plain', 'rounded']).default('plain'),
  }),
  output: z.object({ product: z.number(), kind: z.string() }),
  handle({ a, b = 1, kind }) {
    console.log('{ "message": "printed by a tool" }');
    return { product: kind === 'rounded' ? Math.round(a * b) : a * b, kind };
  },
});

const who = defineTool({
  name: 'who_am_i',
  title: 'Who calls',
  description: 'Says who calls.',
  effect: EFFECTS.reads,
  output: z.object({ caller: z.object({ name: z.string() }), call: z.object({ name: z.string() }) }),
  async handle(_, { author, signal }) {
    signal.throwIfAborted();
    return { caller: { name: author.actor, secret: 'not in the output' }, call: { name: author.tool } };
  },
  attachments: () => [{ kind: 'image', mimeType: 'image/png', base64: PIXEL }],
});

const failing = defineTool({
  name: 'fail',
  description: 'Fails.',
  effect: EFFECTS.adds,
  input: z.looseObject({ how: z.string() }),
  output: z.object({ at: z.string() }),
  handle({ how }) {
    if (how === 'in words') throw new StewardError('CONFLICT', 'It is there already. Take another name.');
    if (how === 'by a rule of the database')
      throw Object.assign(new Error('duplicate key'), { code: '23505' });
    return { at: /** @type {any} */ (new Date()) };
  },
});

await serve({
  tools: [times, who, failing],
  transport: process.argv[2] === 'http' ? 'http' : 'stdio',
  instructions: 'Tools of a test.',
});
