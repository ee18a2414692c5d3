import type { Model } from '../../records/model/schema.js';
import type { FieldMark } from '../../records/view/marks.js';

/** What a configuration says of a model. */
export interface ModelEntry {
  expose: boolean;
  fields?: Record<string, FieldMark | FieldMark[]>;
  /** The fields that were there when a person last decided; `init --update` names those that came since. */
  reviewed?: string;
  [other: string]: unknown;
}

/** The entry of a model that is exposed, with a decision on each field that gives concern. */
export function exposeModel(
  model: Model,
  decisions: ReadonlyMap<string, FieldMark>,
  before?: ModelEntry,
): ModelEntry {
  const names = listFields(model);
  const kept = Object.entries(before?.fields ?? {}).filter(([name]) => names.includes(name));
  const fields = Object.fromEntries([...decisions, ...kept]);
  const { fields: _, ...others } = before ?? {};
  return {
    ...others,
    expose: true,
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
    reviewed: names.join(' '),
  };
}

export function listFields({ fields }: Model): string[] {
  return fields.filter(({ kind }) => kind === 'column').map(({ name }) => name);
}
