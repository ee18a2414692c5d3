import { z } from 'zod';
import { defineTool, EFFECTS } from '../../build/capability/define.js';

/** @typedef {import('../../build/capability/define.js').Attachment} Attachment */
/** @typedef {import('../../build/capability/define.js').Context} Context */

export const nothing = z.strictObject({});

/** What the names of all capabilities are, and who may use them. @param {string} name */
export const named = (name) => ({ name, title: name, description: name, scope: 'directory:read' });

/** A tool without arguments that says something. @param {string} name @param {(context: Context) => Promise<string>} say @param {Attachment[]} attached */
export const tool = (name, say, attached = []) =>
  defineTool({
    ...named(name),
    effect: EFFECTS.reads,
    input: nothing,
    output: z.strictObject({ message: z.string() }),
    handle: async (_input, context) => ({ message: await say(context) }),
    attachments: async () => attached,
  });
