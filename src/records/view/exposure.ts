import { SchemaError } from '../model/prisma-schema.js';
import type { Column, ColumnName, Model, Schema } from '../model/schema.js';
import {
  assertAgreed,
  assertNoMarks,
  readFieldMarks,
  readModelMarks,
  readTenantMark,
  type FieldMark,
} from './marks.js';
import type { ClaimKind } from '../claims.js';
import { suggest } from '../../capability/nearest.js';
import { looksSecret } from './secret-names.js';

/** What a configuration says of a model; the same as its marks. */
export interface ModelChoice {
  expose?: boolean | undefined;
  scope?: string | undefined;
  fields?: Record<string, FieldMark | FieldMark[]> | undefined;
  min_group?: number | undefined;
  /** Fields that name whose a row is, and the setting that each is compared with. */
  tenant?: Record<string, string> | undefined;
}

/** A model that may be seen, and how. */
export interface ExposedModel {
  model: Model;
  scope: string;
  /** The columns that may be seen, by field name. */
  columns: ReadonlyMap<string, ColumnExposure>;
  /** Groups of fewer rows are not shown. */
  leastGroup: number;
  /** What says whose a row is. Empty: the rows are for every caller. */
  tenants: readonly Tenant[];
}

/** A field that names whose a row is. */
export interface Tenant {
  column: Column;
  /** Of the database: it holds the caller's claim. */
  setting: string;
}

export interface ColumnExposure {
  /** Its values are shown as `***` and are never read. */
  masked: boolean;
  /** Its values come from people outside. */
  untrusted: boolean;
}

export interface Exposure {
  models: ReadonlyMap<string, ExposedModel>;
  /** All models of which something says whose a row is, exposed or not: views may read them. */
  tenantModels: readonly ExposedModel[];
  /** What its author may not have meant, such as marks that differ from the configuration. One sentence each, for the log. */
  warnings: readonly string[];
}

const DEFAULT_SCOPE = 'records:read';

/** From the most open to the strictest. */
const STRICTNESS: readonly FieldMark[] = ['show', 'mask', 'hide'];

/**
 * Decides what may be seen of a schema. Nothing is exposed by default; of an exposed model all is, but what looks secret.
 * @param origin of the choices, for messages: the configuration file
 * @throws SchemaError for a choice of a name that the schema lacks, and for contradictions
 */
export function decideExposure(
  schema: Schema,
  choices: Readonly<Record<string, ModelChoice>>,
  origin: string,
): Exposure {
  const names = schema.models.map(({ name }) => name);
  const unknown = Object.keys(choices).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new SchemaError(`${origin}: the schema has no model '${unknown}'.${suggest(unknown, names)}`);
  assertNoMarks(schema.strayComments);
  const differences: string[] = [];
  const onDifference = (difference: string) => differences.push(difference);
  // Of a model that is not exposed, too: a foreign key may hold what it hides.
  const decided = new Map(
    schema.models.map((model) => {
      const choice = Object.hasOwn(choices, model.name) ? (choices[model.name] as ModelChoice) : {};
      return [model.name, decideModel(model, choice, origin, onDifference)] as const;
    }),
  );
  closeCopies([...decided.values()], (name) => decided.get(name), onDifference);
  const exposed = [...decided].filter(([, { isExposed }]) => isExposed);
  const tenantModels = [...decided.values()].filter(({ tenants }) => tenants.length > 0);
  return { models: new Map(exposed), tenantModels, warnings: differences };
}

interface DecidedModel extends ExposedModel {
  isExposed: boolean;
  columns: Map<string, ColumnExposure>;
}

function decideModel(
  model: Model,
  choice: ModelChoice,
  origin: string,
  onDifference: (difference: string) => void,
): DecidedModel {
  const marks = readModelMarks(model.documentation);
  if (marks.scope !== undefined && choice.scope !== undefined && marks.scope !== choice.scope)
    throw new SchemaError(
      `${origin}: model ${model.name} has the scope "${choice.scope}" here, and "${marks.scope}" at ${model.source.file}:${model.source.line}. Give it one.`,
    );
  if (marks.expose === true && choice.expose === false)
    onDifference(`${model.name} is exposed by its mark and not by ${origin}: it is not exposed.`);
  return {
    model,
    isExposed: (choice.expose ?? marks.expose) === true,
    scope: choice.scope ?? marks.scope ?? DEFAULT_SCOPE,
    columns: decideColumns(model, choice.fields ?? {}, origin, onDifference),
    leastGroup: choice.min_group ?? 1,
    tenants: readTenants(model, choice.tenant ?? {}, origin),
  };
}

function readTenants(model: Model, choices: Readonly<Record<string, string>>, origin: string): Tenant[] {
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

function decideColumns(
  model: Model,
  choices: Readonly<Record<string, FieldMark | FieldMark[]>>,
  origin: string,
  onDifference: (difference: string) => void,
): Map<string, ColumnExposure> {
  const names = model.fields.map(({ name }) => name);
  const unknown = Object.keys(choices).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new SchemaError(
      `${origin}: model ${model.name} has no field '${unknown}' that could be shown.${suggest(unknown, names)}`,
    );
  const decided = new Map<string, ColumnExposure>();
  for (const field of model.fields) {
    const marks = readFieldMarks(field.documentation, field.source);
    const chosen = Object.hasOwn(choices, field.name) ? [choices[field.name] ?? []].flat() : [];
    const at = `${model.name}.${field.name}`;
    assertAgreed(chosen, (message) => {
      throw new SchemaError(`${origin}: ${at}: ${message}`);
    });
    if (field.kind === 'relation') {
      const place = marks.length > 0 ? `${field.source.file}:${field.source.line}` : origin;
      if (marks.length + chosen.length > 0)
        throw new SchemaError(
          `${place}: ${at} is a relation: it is visible where the model ${field.target} is, and takes no mark.`,
        );
      continue;
    }
    const decision = decide([marks, chosen], (words) =>
      onDifference(`${at} has the marks ${words}: the stricter holds.`),
    );
    const hidden = decision === 'hide' || (decision === undefined && isHiddenByDefault(field));
    if (hidden) continue;
    const untrusted = marks.includes('untrusted') || chosen.includes('untrusted');
    decided.set(field.name, { masked: decision === 'mask', untrusted });
  }
  return decided;
}

function decide(
  sources: readonly FieldMark[][],
  onDifference: (words: string) => void,
): FieldMark | undefined {
  const words = sources.flatMap((marks) => marks.filter((mark) => mark !== 'untrusted').slice(0, 1));
  if (new Set(words).size > 1) onDifference(words.join(' and '));
  return words.toSorted((a, b) => STRICTNESS.indexOf(b) - STRICTNESS.indexOf(a))[0];
}

function isHiddenByDefault({ name, column, type }: Column): boolean {
  return type === 'Bytes' || looksSecret(name) || looksSecret(column);
}

/** Closes columns that would tell what a hidden or masked one holds, until there is none. */
function closeCopies(
  models: readonly DecidedModel[],
  find: (name: string) => DecidedModel | undefined,
  onDifference: (difference: string) => void,
): void {
  const close = (model: DecidedModel) => hideDerived(model) || closeReferring(model, find, onDifference);
  while (models.some(close));
}

/** The database makes a column from others: one that names a closed column is hidden. @returns true if there was one */
function hideDerived({ model, columns: decided }: DecidedModel): boolean {
  const columns = model.fields.filter((field) => field.kind === 'column');
  const closed = [...columns.filter(({ name }) => isClosed(decided, name)), ...model.withheld];
  const derived = columns.find(
    ({ name, generatedFrom = '' }) =>
      decided.has(name) && closed.some((column) => isNamedIn(generatedFrom, column)),
  );
  return derived !== undefined && decided.delete(derived.name);
}

/** A foreign key holds what the key does that it refers to, and is closed as that is. @returns true if there was one */
function closeReferring(
  { model, isExposed, columns: decided }: DecidedModel,
  find: (name: string) => DecidedModel | undefined,
  onDifference: (difference: string) => void,
): boolean {
  for (const relation of model.fields) {
    if (relation.kind === 'column' || relation.join.kind !== 'columns' || !relation.join.refers) continue;
    const target = find(relation.target);
    for (const { here, there } of relation.join.pairs) {
      const own = columnNamed(model, here);
      const key = target && columnNamed(target.model, there);
      if (!own || !key || isClosed(decided, own.name) || !isClosed(target.columns, key.name)) continue;
      const { untrusted = false } = decided.get(own.name) ?? {};
      const masked = target.columns.has(key.name);
      if (masked) decided.set(own.name, { masked, untrusted });
      else decided.delete(own.name);
      if (isExposed)
        onDifference(
          `${model.name}.${own.name} holds what ${target.model.name}.${key.name} does: it is ${masked ? 'masked' : 'hidden'}, too.`,
        );
      return true;
    }
  }
  return false;
}

/** True for what is hidden, and for what is masked. */
function isClosed(decided: ReadonlyMap<string, ColumnExposure>, name: string): boolean {
  return decided.get(name)?.masked !== false;
}

function columnNamed({ fields }: Model, column: string): Column | undefined {
  return fields.find((field): field is Column => field.kind === 'column' && field.column === column);
}

/** A name that SQL has to quote is looked for as it is quoted, any other as a word. */
function isNamedIn(expression: string, { name, column }: ColumnName): boolean {
  const words: string[] = expression.toLowerCase().match(/[\p{L}\d_$]+/gu) ?? [];
  return (
    words.includes(name.toLowerCase()) ||
    words.includes(column.toLowerCase()) ||
    expression.includes(`"${column.replaceAll('"', '""')}"`)
  );
}
