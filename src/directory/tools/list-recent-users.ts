import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { toUserTable, userTable } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { pageSize } from '../arguments.js';
import { defineDirectoryTool } from '../define-tool.js';
import { READS_USER } from '../rights.js';
import type { Directory } from '../services.js';

export const listRecentUsers = defineDirectoryTool({
  name: 'list_recent_users',
  title: 'List the newest users',
  description:
    'The users created last, newest first, active or not. Use it for "who joined lately?"; for any condition or further pages use find_users.',
  scope: 'directory:read',
  effect: EFFECTS.reads,
  rights: [READS_USER],
  input: z.strictObject({ limit: pageSize }),
  output: z.strictObject({ notice, users: userTable.schema }),
  async handle({ limit }, _context, directory: Directory) {
    return withNotice({ users: toUserTable(await directory.users.recent(limit)) });
  },
});
