import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { nextCursor, toUserTable, userTable } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { departmentName, pageCursor, pageSize, roleName, searchText } from '../arguments.js';
import { defineDirectoryTool } from '../define-tool.js';
import { READS_USER } from '../rights.js';
import type { Directory } from '../services.js';

export const findUsers = defineDirectoryTool({
  name: 'find_users',
  title: 'Find users',
  description:
    'Users that meet all the given conditions, newest first, a page at a time, with their total. Only active users, unless active is false. ' +
    'To go on, pass next_cursor as cursor (quick at any depth), or count up page. For one known user use get_user.',
  scope: 'directory:read',
  effect: EFFECTS.reads,
  rights: [READS_USER, { headcounts: {} }],
  input: z
    .strictObject({
      department: departmentName.optional(),
      role: roleName.optional(),
      active: z.boolean().default(true).describe('false finds the deactivated users instead'),
      search: searchText.optional(),
      limit: pageSize,
      page: z
        .int()
        .min(1)
        .max(1_000_000)
        .optional()
        .describe('Page number, from 1; not together with cursor'),
      cursor: pageCursor.optional(),
    })
    .refine(({ page, cursor }) => page === undefined || cursor === undefined, {
      message: 'give either page or cursor, not both',
    }),
  output: z.strictObject({
    notice,
    total: z.int().describe('How many users meet the conditions'),
    total_is_exact: z.boolean().describe('false: there are more than total; counting stopped there'),
    page: z.int(),
    page_size: z.int(),
    pages: z.int().describe('total / page_size, rounded up'),
    next_cursor: nextCursor,
    users: userTable.schema,
  }),
  async handle({ limit, page, cursor, ...criteria }, _context, directory: Directory) {
    const found = await directory.users.find(criteria, limit, { page, cursor });
    return withNotice({
      total: found.total,
      total_is_exact: found.totalIsExact,
      page: found.page,
      page_size: found.pageSize,
      pages: found.pages,
      next_cursor: found.nextCursor,
      users: toUserTable(found.users),
    });
  },
});
