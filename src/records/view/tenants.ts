import { suggest } from '../../capability/nearest.js';
import type { ClaimKind } from '../claims.js';
import { SchemaError } from '../model/schema-error.js';
import type { Column, Model } from '../model/schema.js';
import { readTenantMark } from './marks.js';

/** A field that names whose a row is. */
export interface Tenant {
  column: Column;
  /** Of the database: it holds the caller's claim. */
  setting: string;
}

/** What says whose a row of a model is: marks, and the choices of the configuration. @throws SchemaError */
export function readTenants(
  model: Model,
  choices: Readonly<Record<string, string>>,
  origin: string,
): Tenant[] {
  const names = model.fields.map(({ name }) => name);
  const unknown = Object.keys(choices).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new SchemaError(
      `${origin}: model ${model.name} has no field '${unknown}'.${suggest(unknown, names)}`,
    );
  return model.fields.flatMap((field) => {
    const marked = readTenantMark(field.documentation);
    const chosen = Object.hasOwn(choices, field.name) ? choices[field.name] : undefined;
    const setting = chosen ?? marked;
    if (setting === undefined) return [];
    const place = chosen === undefined ? `${field.source.file}:${field.source.line}` : origin;
    const complain = (message: string): never => {
      throw new SchemaError(`${place}: ${model.name}.${field.name} ${message}`);
    };
    if (marked !== undefined && marked !== setting)
      complain(`is compared with "${setting}" here, and with "${marked}" by its mark. Give it one.`);
    if (field.kind === 'relation')
      return complain('is a relation: mark the field that holds the key of the tenant.');
    if (claimKindOf(field) === undefined)
      complain('cannot say whose a row is: that takes one text, whole number or UUID.');
    return { column: field, setting };
  });
}

/** What a claim has to be that is compared with a column; undefined where none can be. */
export function claimKindOf({ type, native, isList }: Column): ClaimKind | undefined {
  if (isList) return undefined;
  if (type === 'BigInt') return 'whole number of 8 bytes';
  if (type === 'Int') return native === 'SmallInt' ? 'whole number of 2 bytes' : 'whole number of 4 bytes';
  if (type !== 'String') return undefined;
  if (native === 'Uuid') return 'UUID';
  return TEXTS.has(native ?? 'Text') ? 'text' : undefined;
}

const TEXTS = new Set(['Text', 'VarChar', 'Char', 'Citext']);
