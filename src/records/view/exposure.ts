import { SchemaError } from '../model/schema-error.js';
import type { Column, Model, Schema } from '../model/schema.js';
import { closeCopies } from './copies.js';
import { assertAgreed, assertNoMarks, readFieldMarks, readModelMarks, type FieldMark } from './marks.js';
import { suggest } from '../../capability/nearest.js';
import { looksSecret } from './secret-names.js';
import { readTenants, type Tenant } from './tenants.js';

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

/** A model, exposed or not. */
export interface DecidedModel extends ExposedModel {
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
