import { z } from 'zod';
import type { AuditEntry } from '../audit-log.js';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { takeFittingRows } from '../../capability/answer/bounds.js';
import { table } from '../../capability/answer/table.js';
import { nextCursor } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { pageCursor, pageSize, userId } from '../arguments.js';
import { defineDirectoryTool } from '../define-tool.js';
import { READS_USER } from '../rights.js';
import type { Directory } from '../services.js';

const changeTable = table({
  id: z.union([z.int(), z.string()]),
  field: z.string(),
  old_value: z.string().nullable(),
  new_value: z.string().nullable(),
  changed_at: z.string(),
  actor: z.string(),
  tool: z.string(),
  request_id: z.string(),
});

export const getUserHistory = defineDirectoryTool({
  name: 'get_user_history',
  title: "Get a user's history",
  description:
    'What was changed about a user, newest first: which field (created, department, role, active, preferences), from what to what, when, by whom and by which tool. Answers "when did she move?" and "who changed this?".',
  scope: 'audit:read',
  effect: EFFECTS.reads,
  rights: [READS_USER, { user_audit_log: {} }],
  input: z.strictObject({ user_id: userId, limit: pageSize, cursor: pageCursor.optional() }),
  output: z.strictObject({
    notice,
    next_cursor: nextCursor,
    changes: changeTable.schema,
  }),
  async handle({ user_id, limit, cursor }, _context, directory: Directory) {
    const entries = await directory.auditLog.ofUser(user_id, limit, cursor);
    const shown = takeFittingRows(entries.slice(0, limit).map(toChange));
    const last = shown.length < entries.length ? entries[shown.length - 1] : undefined;
    return withNotice({
      next_cursor: last ? directory.auditLog.cursorAfter(user_id, last) : null,
      changes: changeTable.fill(shown),
    });
  },
});

function toChange(entry: AuditEntry) {
  return {
    // JavaScript rounds larger ones.
    id: entry.id <= Number.MAX_SAFE_INTEGER ? Number(entry.id) : String(entry.id),
    field: entry.fieldChanged,
    old_value: entry.oldValue,
    new_value: entry.newValue,
    changed_at: entry.changedAt,
    actor: entry.actor,
    tool: entry.tool,
    request_id: entry.requestId,
  };
}
