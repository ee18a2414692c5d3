// Tries to serve each of these, and prints why it may not.
import { EFFECTS, serve } from 'steward-mcp';
import { z } from 'zod';

const right = {
  name: 'count',
  description: 'Counts.',
  effect: EFFECTS.reads,
  output: z.object({ count: z.int() }),
  handle: () => ({ count: 1 }),
};

/** @type {[what: string, options: any][]} */
const WRONG = [
  ['no list', {}],
  ['another transport', { tools: [right], transport: 'pipe' }],
  ['no configuration', { tools: [right], config: '/nonexistent/steward.config.json' }],
  ['no tool', { tools: [null] }],
  ['a name with a space', { tools: [right, { ...right, name: 'count all' }] }],
  ['a name twice', { tools: [right, right] }],
  ["a name of Steward's", { tools: [{ ...right, name: 'find_records' }], config: process.argv[2] }],
  ['no description', { tools: [{ ...right, description: ' ' }] }],
  ['an empty title', { tools: [{ ...right, title: '' }] }],
  ['no effect', { tools: [{ ...right, effect: undefined }] }],
  ['a scope that is none', { tools: [{ ...right, scope: 'Count things' }] }],
  ['no output', { tools: [{ ...right, output: undefined }] }],
  ['a list as output', { tools: [{ ...right, output: z.array(z.int()) }] }],
  ['a date in the output', { tools: [{ ...right, output: z.object({ n: z.int(), at: z.date() }) }] }],
  ['a large number in the input', { tools: [{ ...right, input: z.object({ id: z.bigint() }) }] }],
  ['a transformed input', { tools: [{ ...right, input: z.object({}).transform(Object.keys) }] }],
  ['no handler', { tools: [{ ...right, handle: undefined }] }],
];

for (const [what, options] of WRONG) {
  // A serve before this one has named its own.
  delete process.env['STEWARD_CONFIG'];
  await serve(options).then(
    () => process.stdout.write(`${what}: is served\n`),
    (/** @type {Error} */ { message }) => process.stdout.write(`${what}: ${message}\n`),
  );
}
process.exit();
