import path from 'node:path';
import { z } from 'zod';
import { SCOPE } from '../capability/define.js';
import { timeZone } from './arguments.js';
import { readSchemaFiles } from './model/prisma/files.js';
import { readPrismaSchema } from './model/prisma/read-schema.js';
import { SchemaError } from './model/schema-error.js';
import type { Schema } from './model/schema.js';
import type { ClaimedSetting } from './claims.js';
import { decideExposure, type Exposure } from './view/exposure.js';
import { claimKindOf } from './view/tenants.js';
import { FIELD_MARKS } from './view/marks.js';
import { suggest } from '../capability/nearest.js';

const mark = z.enum(FIELD_MARKS);
const marks = z.union([mark, z.array(mark)], {
  error: ({ input }) => {
    const wrong = [input].flat().find((word) => !FIELD_MARKS.some((known) => known === word));
    return `takes ${FIELD_MARKS.join(', ')}, or a list of these.${suggest(String(wrong), FIELD_MARKS)}`;
  },
});

const MODEL = z
  .strictObject({
    expose: z.boolean().optional().describe('true: the model can be read'),
    scope: z
      .string()
      .regex(SCOPE)
      .optional()
      .describe('What a caller needs to read it, instead of records:read'),
    fields: z
      .record(z.string(), marks)
      .optional()
      .describe('show, hide, mask (shown as ***), untrusted (text from outside)'),
    reviewed: z
      .string()
      .optional()
      .describe(
        'The fields that were there when a person last decided; `init --update` names those that came since',
      ),
    tenant: z
      .record(z.string(), z.string())
      .optional()
      .describe('Whose a row is: a field, and the setting of "claims" that it is compared with'),
    min_group: z.int().min(1).max(1000).optional().describe('Groups of fewer rows are not shown'),
  })
  .describe('A model of the schema');

/** For any database of the configuration. */
export const POLICIES = z
  .literal('by-role')
  .optional()
  .describe(
    'by-role: row level security decides what Steward sees; without it, what a policy would narrow is refused',
  );

/** Of an author's own, with a dot; a claim must never say what PostgreSQL's own settings do. In one spelling. */
const SETTING = /^[a-z_][a-z0-9_]{0,30}(\.[a-z_][a-z0-9_]{0,30})+$/;

/** A database whose records can be read. */
export const DATABASE = z
  .strictObject({
    schema: z.string().min(1).describe('schema.prisma, or a folder of such files; relative to this file'),
    url: z.string().min(1).describe('Address of the PostgreSQL database, or env:NAME'),
    time_zone: timeZone.optional(),
    search_path: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        "Schemas that functions of the database look names up in (default: the address's `schema`, or public)",
      ),
    policies: POLICIES,
    claims: z
      .record(z.string().regex(SETTING, 'a setting such as app.tenant'), z.string().min(1))
      .optional()
      .describe(
        'Settings of the database, each with the claim of the caller\'s token that it holds: { "app.tenant": "org_id" }',
      ),
    models: z.record(z.string(), MODEL).default({}),
  })
  .describe('A database with a Prisma schema');

/** All keys of a database and of its models, to name the nearest of. */
export const SECTION_KEYS = [...Object.keys(DATABASE.shape), ...Object.keys(MODEL.shape)];

export type DatabaseSection = z.output<typeof DATABASE>;

/** A schema as its operator opens it. */
export interface OpenedSchema {
  schema: Schema;
  exposure: Exposure;
  /** What callers need to read any of it. */
  claims: readonly ClaimedSetting[];
  /** Fields that are visible and came after the last decision, as Model.field. */
  unreviewed: readonly string[];
}

const NO_TENANT =
  'claims of callers are written to settings, and no field says whose a row is: nothing looks whether row policies compare them. Mark it: /// @mcp.tenant("app.tenant")';

interface Surroundings {
  /** The schema's path is relative to it. */
  folder: string;
  /** The configuration file, for messages. */
  origin: string;
  /** The database's address, which may name the PostgreSQL schema of models that name none. */
  url: string;
}

/**
 * Reads a database's schema and decides what may be seen of it.
 * @throws SchemaError
 */
export function openSchema(section: DatabaseSection, { folder, origin, url }: Surroundings): OpenedSchema {
  const defaultSchema = new URL(url).searchParams.get('schema') ?? undefined;
  const schema = readSchema(path.resolve(folder, section.schema), defaultSchema);
  const exposure = decideExposure(schema, section.models, origin);
  if (exposure.models.size === 0)
    throw new SchemaError(
      `${origin}: no model of ${section.schema} is exposed. Name one under "models" with "expose": true, or mark it in the schema: /// @mcp.expose`,
    );
  const claims = readClaims(section.claims ?? {}, exposure, origin);
  const warnings =
    claims.length > 0 && exposure.tenantModels.length === 0
      ? [...exposure.warnings, NO_TENANT]
      : exposure.warnings;
  const unreviewed = listUnreviewed(exposure, section.models);
  return { schema, exposure: { ...exposure, warnings }, claims, unreviewed };
}

function readClaims(
  claims: Readonly<Record<string, string>>,
  { tenantModels }: Exposure,
  origin: string,
): ClaimedSetting[] {
  const tenants = tenantModels.flatMap(({ model, tenants: own }) =>
    own.map((tenant) => ({ ...tenant, at: `${model.name}.${tenant.column.name}` })),
  );
  const unknown = tenants.find(({ setting }) => !Object.hasOwn(claims, setting));
  if (unknown)
    throw new SchemaError(
      `${origin}: ${unknown.at} is compared with "${unknown.setting}", which no claim is written to.${suggest(unknown.setting, Object.keys(claims))} Name the claim: "claims": { "${unknown.setting}": "org_id" }`,
    );
  return Object.entries(claims).map(([name, claim]) => {
    const compared = tenants.filter(({ setting }) => setting === name);
    return { name, claim, kinds: new Set(compared.flatMap(({ column }) => claimKindOf(column) ?? [])) };
  });
}

function listUnreviewed(exposure: Exposure, choices: DatabaseSection['models']): string[] {
  return [...exposure.models].flatMap(([name, { columns }]) => {
    const reviewed = choices[name]?.reviewed?.split(' ');
    return [...columns.keys()]
      .filter((field) => reviewed && !reviewed.includes(field))
      .map((field) => `${name}.${field}`);
  });
}

/**
 * Reads a schema file, or a folder of them.
 * @throws SchemaError
 */
export function readSchema(location: string, defaultSchema?: string): Schema {
  return readPrismaSchema(readSchemaFiles(location), defaultSchema);
}
