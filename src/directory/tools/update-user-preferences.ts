import { z } from 'zod';
import type { JsonObject } from '../merge-patch.js';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { preferences } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { preferencesPatch, userId } from '../arguments.js';
import { defineDirectoryWrite } from '../define-tool.js';
import { CHANGES_USER } from '../rights.js';

export const updateUserPreferences = defineDirectoryWrite({
  name: 'update_user_preferences',
  title: "Update a user's preferences",
  description:
    "Merges a JSON object into a user's preferences (RFC 7396: null removes a member, objects merge, anything else replaces) and records both states in the audit log. Returns the whole result to a caller with directory:read.",
  scope: 'directory:write',
  effect: EFFECTS.overwrites,
  rights: [
    CHANGES_USER,
    {
      user_preferences: {
        INSERT: ['user_id', 'preferences', 'updated_at'],
        UPDATE: ['preferences', 'updated_at'],
      },
    },
  ],
  input: z.strictObject({ user_id: userId, preferences: preferencesPatch }),
  output: z.strictObject({
    notice,
    changed: z.boolean().describe('false: nothing was different; nothing was written'),
    user_id: z.int(),
    preferences: preferences.optional(),
  }),
  async handle({ user_id, preferences: patch }, context, directory) {
    const updated = await directory.preferences.update(user_id, patch as JsonObject, context);
    // As with toChangedUser: a write is no way to read.
    const seen = context.scopes.has('directory:read') && { preferences: updated.preferences };
    return withNotice({ changed: updated.changed, user_id, ...seen });
  },
});
