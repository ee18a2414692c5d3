import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { preferences } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { userId } from '../arguments.js';
import { defineDirectoryTool } from '../define-tool.js';
import type { Directory } from '../services.js';

export const getUserPreferences = defineDirectoryTool({
  name: 'get_user_preferences',
  title: "Get a user's preferences",
  description: "A user's preferences as a JSON object; empty where none were ever set.",
  scope: 'directory:read',
  effect: EFFECTS.reads,
  rights: [{ users: {}, user_preferences: {} }],
  input: z.strictObject({ user_id: userId }),
  output: z.strictObject({ notice, user_id: z.int(), preferences }),
  async handle({ user_id }, _context, directory: Directory) {
    return withNotice({ user_id, preferences: await directory.preferences.get(user_id) });
  },
});
