import { isDeepStrictEqual } from 'node:util';
import type { Context } from '../capability/define.js';
import { StewardError } from '../errors.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { AuditedUsers } from './audited-change.js';
import { mergePatch, nesting, type JsonObject } from './merge-patch.js';
import { noSuchUser } from './users.js';

export const LARGEST_PREFERENCES_BYTES = 16 * 1024;
export const DEEPEST_PREFERENCES = 5;

/** Each user's preferences: one JSON object, empty until something is set. */
export class Preferences {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly users: AuditedUsers,
  ) {}

  /** @throws StewardError NOT_FOUND */
  async get(userId: number): Promise<JsonObject> {
    const user = await this.prisma.user.findFirst({
      where: { id: userId },
      select: { preference: { select: { preferences: true } } },
      relationLoadStrategy: 'join',
    });
    if (!user) throw noSuchUser('id', userId);
    return (user.preference?.preferences ?? {}) as JsonObject;
  }

  /**
   * Merges a patch (RFC 7396) into the user's preferences and records both states.
   * @throws StewardError NOT_FOUND; VALIDATION when the result would be too large or too deep
   */
  async update(
    userId: number,
    patch: JsonObject,
    context: Context,
  ): Promise<{ preferences: JsonObject; changed: boolean }> {
    let preferences: JsonObject = {};
    const { change } = await this.users.change(userId, context, async (tx) => {
      const row = await tx.userPreference.findFirst({ where: { userId } });
      const before = (row?.preferences ?? {}) as JsonObject;
      preferences = mergePatch(before, patch);
      const [oldValue, newValue] = [JSON.stringify(before), JSON.stringify(preferences)];
      // jsonb reorders members and has no -0, so the values are compared, not their text.
      if (isDeepStrictEqual(JSON.parse(oldValue), JSON.parse(newValue))) return null;
      assertWithinLimits(preferences, newValue);
      const stored = await tx.userPreference.upsert({
        where: { userId },
        create: { userId, preferences },
        update: { preferences },
        select: { preferences: true },
      });
      preferences = stored.preferences as JsonObject;
      // The stored form, so that the next change's old value equals this new value to the letter.
      return { field: 'preferences', oldValue, newValue: JSON.stringify(preferences) };
    });
    return { preferences, changed: change !== null };
  }
}

function assertWithinLimits(preferences: JsonObject, serialised: string): void {
  const bytes = Buffer.byteLength(serialised);
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
