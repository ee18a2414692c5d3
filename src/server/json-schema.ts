import { z } from 'zod';

/**
 * A schema as clients get to see it: JSON Schema 2020-12, which is MCP's default dialect (specification 2025-11-25,
 * basic). Left out is what costs a model characters or some clients cannot read, and the server checks anyway: patterns
 * with Unicode classes, the pattern behind a format, the bounds of safe integers.
 */
export function toJsonSchema(
  schema: z.ZodObject,
  io: 'input' | 'output',
): Record<string, unknown> & { type: 'object' } {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined || jsonSchema.pattern?.includes('\\p{')) delete jsonSchema.pattern;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return { ...json, type: 'object' };
}
