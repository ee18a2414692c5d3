import { z } from 'zod';
import { notice, withNotice } from '../capability/answer/notice.js';
import { table } from '../capability/answer/table.js';
import type { Context } from '../capability/define.js';
import type { UserChange } from './audited-change.js';
import type { ListedUser } from './read-page.js';
import type { User } from './users.js';

/** The shapes that answers share. */

const timestamp = z.string().describe('ISO 8601, UTC');

export const userRecord = z.strictObject({
  id: z.int(),
  username: z.string(),
  email: z.string(),
  department: z.string(),
  role: z.string(),
  active: z.boolean(),
  created_at: timestamp,
  updated_at: timestamp,
});

export type UserRecord = z.input<typeof userRecord>;

export function toUserRecord(user: User): UserRecord {
  return { ...toListedRecord(user), updated_at: user.updatedAt };
}

function toListedRecord({ id, username, email, department, role, active, createdAt }: ListedUser) {
  return { id, username, email, department: department.name, role, active, created_at: createdAt };
}

/**
 * The answer of a write on a user: the change, if there was one, and the user as it is now, for a caller who may read it.
 * Otherwise writes, even those that change nothing, would be a way to read.
 */
export const changedUser = z.strictObject({
  notice,
  changed: z.boolean().describe('false: the user already was as asked; nothing was written'),
  change: z
    .strictObject({ field: z.string(), old_value: z.string().nullable(), new_value: z.string().nullable() })
    .nullable()
    .describe('What was changed and recorded in the audit log'),
  user: userRecord.optional().describe('With directory:read'),
});

export function toChangedUser(
  { user, change }: UserChange,
  { scopes }: Context,
): z.input<typeof changedUser> {
  return withNotice({
    changed: change !== null,
    change: change && { field: change.field, old_value: change.oldValue, new_value: change.newValue },
    ...(scopes.has('directory:read') && { user: toUserRecord(user) }),
  });
}

const { updated_at: _, ...listedColumns } = userRecord.shape;

/** Users in a list, without `updated_at`, which get_user returns. */
export const userTable = table(listedColumns);

export const toUserTable = (users: readonly ListedUser[]) => userTable.fill(users.map(toListedRecord));

export const preferences = z
  .record(z.string(), z.unknown())
  .describe('Any JSON; a number of too many digits is text');

export const nextCursor = z
  .string()
  .nullable()
  .describe('Pass as cursor for the next page; null on the last');
