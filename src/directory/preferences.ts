import { parseExact, parseWithTextNumbers, writeExact } from '../exact-json.js';
import { StewardError } from '../errors.js';
import { sortMembers } from '../json-object.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { AuditedUsers } from './audited-change.js';
import { showUnseen, toVisibleJson } from '../visible-text.js';
import { mergePatch, nesting, type JsonObject } from './merge-patch.js';
import { noSuchUser } from './users.js';
import type { WriteContext } from './writes.js';

export const LARGEST_PREFERENCES_BYTES = 16 * 1024;
export const DEEPEST_PREFERENCES = 5;

/**
 * Each user's preferences: one JSON object, empty until something is set. Read and written as text, because Prisma Client
 * rounds their numbers; so they are read from the primary.
 */
export class Preferences {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly users: AuditedUsers,
  ) {}

  /** @throws StewardError NOT_FOUND */
  async get(userId: number): Promise<JsonObject> {
    const [row] = await this.prisma.$queryRaw<{ preferences: string | null }[]>`
      SELECT p.preferences::text FROM public.users u LEFT JOIN public.user_preferences p ON p.user_id = u.id
      WHERE u.id = ${userId}`;
    if (!row) throw noSuchUser('id', userId);
    return toShown(row.preferences ?? '{}');
  }

  /**
   * Merges a patch (RFC 7396) into the user's preferences and records both states.
   * @throws StewardError NOT_FOUND; VALIDATION when the result would be too large or too deep
   */
  async update(
    userId: number,
    patch: JsonObject,
    context: WriteContext,
  ): Promise<{ preferences: JsonObject; changed: boolean }> {
    let shown: JsonObject = {};
    const { change } = await this.users.change(userId, context, async (tx) => {
      const [row] = await tx.$queryRaw<{ preferences: string }[]>`
        SELECT preferences::text FROM public.user_preferences WHERE user_id = ${userId}`;
      const before = parseExact(row?.preferences ?? '{}') as JsonObject;
      shown = toShown(row?.preferences ?? '{}');
      const merged = mergePatch(before, patch);
      if (!row && Object.keys(merged).length === 0) return null;
      // PostgreSQL knows which values are equal: members have no order, and 1.10 is 1.1.
      const [stored] = await tx.$queryRaw<{ preferences: string }[]>`
        INSERT INTO public.user_preferences AS p (user_id, preferences, updated_at)
        VALUES (${userId}, ${writeExact(merged)}::jsonb, now())
        ON CONFLICT (user_id) DO UPDATE SET preferences = excluded.preferences, updated_at = excluded.updated_at
          WHERE p.preferences <> excluded.preferences
        RETURNING preferences::text`;
      if (!stored) return null;
      // The stored form, so that the next change's old value equals this new value to the letter.
      const after = parseExact(stored.preferences) as JsonObject;
      const [oldValue, newValue] = [writeExact(before), writeExact(after)];
      assertWithinLimits(after, newValue);
      shown = toShown(stored.preferences);
      const words = (who: string) =>
        `Merge ${toVisibleJson(sortMembers(patch))} into the preferences of ${who}.`;
      return { field: 'preferences', oldValue, newValue, words };
    });
    return { preferences: shown, changed: change !== null };
  }
}

/** A number that JavaScript, and so most clients, would round is shown as text. */
function toShown(stored: string): JsonObject {
  return parseWithTextNumbers(stored) as JsonObject;
}

function assertWithinLimits(preferences: JsonObject, serialised: string): void {
  // As the history shows it: an answer has to hold a change of the largest ones.
  const bytes = Buffer.byteLength(showUnseen(serialised));
  if (bytes > LARGEST_PREFERENCES_BYTES) {
    throw new StewardError(
      'VALIDATION',
      `preferences: would come to ${bytes} bytes; at most ${LARGEST_PREFERENCES_BYTES} are kept. Remove members by setting them to null.`,
    );
  }
  if (nesting(preferences) > DEEPEST_PREFERENCES) {
    throw new StewardError(
      'VALIDATION',
      `preferences: nested deeper than ${DEEPEST_PREFERENCES} levels. Flatten them.`,
    );
  }
}
