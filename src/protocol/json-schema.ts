import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';

/**
 * A schema as clients get to see it: JSON Schema 2020-12, which is MCP's default dialect (specification 2025-11-25,
 * basic). Left out is what costs a model characters or some clients cannot read, and the server checks anyway: patterns
 * with Unicode classes, formats and their patterns, the bounds of safe integers, that names of members are strings.
 * A `type` is always a single one, and "anything" is `true`: some clients know no other spelling.
 */
export function toJsonSchema(
  schema: z.ZodObject,
  io: 'input' | 'output',
): Record<string, unknown> & { type: 'object' } {
  // The schema converts itself: one that a program brings is of another copy of zod.
  const { $schema: _, ...json } = schema.toJSONSchema({
    io,
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined || jsonSchema.pattern?.includes('\\p{')) delete jsonSchema.pattern;
      delete jsonSchema.format;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (isBare(jsonSchema.propertyNames, 'string')) delete jsonSchema.propertyNames;
      if (isBare(jsonSchema.additionalProperties)) jsonSchema.additionalProperties = true;
    },
  });
  return { ...(withSingleTypes(json) as typeof json), type: 'object' };
}

/** Whether a schema says nothing but its type, or nothing at all. */
function isBare(schema: unknown, type?: string): boolean {
  return isDeepStrictEqual(schema, type === undefined ? {} : { type });
}

/** Zod joins the types of a union into `type: [...]` once it has asked for overrides; this takes them apart again. */
function withSingleTypes(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withSingleTypes);
  if (typeof json !== 'object' || json === null) return json;
  const members = Object.entries(json).map(([key, value]) =>
    key === 'type' && Array.isArray(value)
      ? ['anyOf', value.map((type: unknown) => ({ type }))]
      : [key, withSingleTypes(value)],
  );
  return Object.fromEntries(members);
}
