import { z } from 'zod';
import { notice, noticed, preferences } from '../answers.js';
import { defineTool, EFFECTS } from '../../capability/define.js';
import { userId } from '../arguments.js';

export const getUserPreferences = defineTool({
  name: 'get_user_preferences',
  title: "Get a user's preferences",
  description: "A user's preferences as a JSON object; empty where none were ever set.",
  scope: 'directory:read',
  effect: EFFECTS.reads,
  input: z.strictObject({ user_id: userId }),
  output: z.strictObject({ notice, user_id: z.int(), preferences }),
  async handle({ user_id }, { directory }) {
    return { ...noticed, user_id, preferences: await directory.preferences.get(user_id) };
  },
});
