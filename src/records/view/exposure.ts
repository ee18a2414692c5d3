import { SchemaError } from '../model/prisma-schema.js';
import type { Column, ColumnName, Model, Schema } from '../model/schema.js';
import { assertAgreed, readFieldMarks, readModelMarks, type FieldMark } from './marks.js';
import { suggest } from '../../capability/nearest.js';
import { looksSecret } from './secret-names.js';

/** What a configuration says of a model; the same as its marks. */
export interface ModelChoice {
  expose?: boolean | undefined;
  scope?: string | undefined;
  fields?: Record<string, FieldMark | FieldMark[]> | undefined;
  min_group?: number | undefined;
}

/** A model that may be seen, and how. */
export interface ExposedModel {
  model: Model;
  scope: string;
  /** The columns that may be seen, by field name. */
  columns: ReadonlyMap<string, ColumnExposure>;
  /** Groups of fewer rows are not shown. */
  leastGroup: number;
}

export interface ColumnExposure {
  /** Its values are shown as `***` and are never read. */
  masked: boolean;
  /** Its values come from people outside. */
  untrusted: boolean;
}

export interface Exposure {
  models: ReadonlyMap<string, ExposedModel>;
  /** Where marks and configuration differ: the stricter of them holds. One sentence each, for the log. */
  differences: readonly string[];
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
  const differences: string[] = [];
  const models = new Map<string, ExposedModel>();
  for (const model of schema.models) {
    const choice = Object.hasOwn(choices, model.name) ? (choices[model.name] as ModelChoice) : {};
    const exposed = exposeModel(model, choice, origin, (difference) => differences.push(difference));
    if (exposed) models.set(model.name, exposed);
  }
  return { models, differences };
}

function exposeModel(
  model: Model,
  choice: ModelChoice,
  origin: string,
  onDifference: (difference: string) => void,
): ExposedModel | undefined {
  const marks = readModelMarks(model.documentation, model.source);
  if (marks.scope !== undefined && choice.scope !== undefined && marks.scope !== choice.scope)
    throw new SchemaError(
      `${origin}: model ${model.name} has the scope "${choice.scope}" here, and "${marks.scope}" at ${model.source.file}:${model.source.line}. Give it one.`,
    );
  if (marks.expose === true && choice.expose === false)
    onDifference(`${model.name} is exposed by its mark and not by ${origin}: it is not exposed.`);
  const columns = exposeColumns(model, choice.fields ?? {}, origin, onDifference);
  if (choice.expose === false || (choice.expose ?? marks.expose) !== true) return undefined;
  return {
    model,
    scope: choice.scope ?? marks.scope ?? DEFAULT_SCOPE,
    columns,
    leastGroup: choice.min_group ?? 1,
  };
}

function exposeColumns(
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
  const columns: Column[] = [];
  for (const field of model.fields) {
    const marks = readFieldMarks(field.documentation, field.source);
    const chosen = Object.hasOwn(choices, field.name) ? [choices[field.name] ?? []].flat() : [];
    const at = `${model.name}.${field.name}`;
    assertAgreed(chosen, (message) => {
      throw new SchemaError(`${origin}: ${at}: ${message}`);
    });
    if (field.kind === 'relation') {
      if (marks.length + chosen.length > 0)
        throw new SchemaError(
          `${origin}: ${at} is a relation: it is visible where the model ${field.target} is, and takes no mark.`,
        );
      continue;
    }
    columns.push(field);
    const decision = decide([marks, chosen], (words) =>
      onDifference(`${at} has the marks ${words}: the stricter holds.`),
    );
    const hidden = decision === 'hide' || (decision === undefined && isHiddenByDefault(field));
    if (hidden) continue;
    const untrusted = marks.includes('untrusted') || chosen.includes('untrusted');
    decided.set(field.name, { masked: decision === 'mask', untrusted });
  }
  hideDerived(columns, model.withheld, decided);
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

/** A column that the database makes from a hidden or masked one would tell what that holds. */
function hideDerived(
  columns: readonly Column[],
  withheld: readonly ColumnName[],
  decided: Map<string, ColumnExposure>,
): void {
  for (;;) {
    const closed = [...columns.filter(({ name }) => decided.get(name)?.masked !== false), ...withheld];
    const derived = columns.find(
      ({ name, generatedFrom = '' }) =>
        decided.has(name) && closed.some((column) => isNamedIn(generatedFrom, column)),
    );
    if (!derived) return;
    decided.delete(derived.name);
  }
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
