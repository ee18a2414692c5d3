import type { Column, Enum, Join, TableName } from '../model/schema.js';
import { describe } from './marks.js';
import type { Exposure } from './exposure.js';

/**
 * A quoted name of the database. Only this file can make one, and it makes none but of names that stand in a schema, so
 * no text of a caller ever becomes SQL.
 */
class Identifier {
  readonly #quoted: string;

  constructor(...parts: string[]) {
    this.#quoted = parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
  }

  toString(): string {
    return this.#quoted;
  }
}

export type { Identifier };

/** What one caller may see of one schema. Names are looked up nowhere else. */
export type View = ReadonlyMap<string, ViewModel>;

export interface ViewModel {
  name: string;
  table: Identifier;
  documentation: string;
  fields: ReadonlyMap<string, ViewField>;
  /** Sets of visible columns that tell rows apart, none of them masked; the primary key first. */
  keys: readonly (readonly ViewColumn[])[];
  /** The B-tree indexes of the schema: visible columns only, from the first on. */
  indexes: readonly (readonly ViewColumn[])[];
  /** Groups of fewer rows are not shown. */
  leastGroup: number;
}

export type ViewField = ViewColumn | ViewRelation;

export interface ViewColumn {
  kind: 'column';
  name: string;
  column: Identifier;
  type: Column['type'];
  native: string | undefined;
  values: Enum | undefined;
  isList: boolean;
  isRequired: boolean;
  masked: boolean;
  untrusted: boolean;
  documentation: string;
}

export interface ViewRelation {
  kind: 'relation';
  name: string;
  isList: boolean;
  isRequired: boolean;
  documentation: string;
  /** Relations lead in circles, so the model is looked up when it is needed. */
  target(): ViewModel;
  join: ViewJoin;
}

export type ViewJoin =
  | { kind: 'columns'; pairs: readonly { here: Identifier; there: Identifier }[] }
  | {
      kind: 'table';
      table: Identifier;
      hereKey: Identifier;
      here: Identifier;
      there: Identifier;
      thereKey: Identifier;
    };

/** Makes the view of a caller with these scopes. */
export function makeView(exposure: Exposure, scopes: ReadonlySet<string>): View {
  const view = new Map<string, ViewModel>();
  const isVisible = (name: string) => {
    const exposed = exposure.models.get(name);
    return exposed !== undefined && scopes.has(exposed.scope);
  };
  for (const { model, columns, leastGroup } of exposure.models.values()) {
    if (!isVisible(model.name)) continue;
    const fields = new Map<string, ViewField>();
    for (const field of model.fields) {
      // PostgreSQL has no NOT NULL for a view. Only its keys are taken to have values.
      const mayBeNull = model.isView && !model.keys.some((key) => key.includes(field.name));
      const shared = {
        name: field.name,
        isList: field.isList,
        isRequired: field.isRequired && !mayBeNull,
        documentation: describe(field.documentation),
      };
      if (field.kind === 'relation') {
        if (!isVisible(field.target)) continue;
        const target = () => view.get(field.target) as ViewModel;
        fields.set(field.name, { ...shared, kind: 'relation', target, join: identify(field.join) });
      } else {
        const exposed = columns.get(field.name);
        if (!exposed) continue;
        const { type, native, values } = field;
        const column = new Identifier(field.column);
        fields.set(field.name, { ...shared, ...exposed, kind: 'column', column, type, native, values });
      }
    }
    view.set(model.name, {
      name: model.name,
      table: identifyTable(model.table),
      documentation: describe(model.documentation),
      fields,
      leastGroup,
      keys: model.keys
        .map((key) => openColumns(fields, key))
        .filter((key, at) => key.length === model.keys[at]?.length),
      indexes: model.indexes.map((index) => openColumns(fields, index)).filter((index) => index.length > 0),
    });
  }
  return view;
}

/** The columns of these names, up to the first that must not be searched. */
function openColumns(fields: ReadonlyMap<string, ViewField>, names: readonly string[]): ViewColumn[] {
  const columns = names.map((name) => fields.get(name));
  const closed = columns.findIndex((field) => field?.kind !== 'column' || field.masked);
  return columns.slice(0, closed === -1 ? undefined : closed) as ViewColumn[];
}

function identify(join: Join): ViewJoin {
  if (join.kind === 'columns') {
    const pairs = join.pairs.map(({ here, there }) => ({
      here: new Identifier(here),
      there: new Identifier(there),
    }));
    return { kind: 'columns', pairs };
  }
  const { table, hereKey, here, there, thereKey } = join;
  return {
    kind: 'table',
    table: identifyTable(table),
    hereKey: new Identifier(hereKey),
    here: new Identifier(here),
    there: new Identifier(there),
    thereKey: new Identifier(thereKey),
  };
}

/** A name as SQL writes it; for what an operator runs. */
export function quoteName(name: string): string {
  return String(new Identifier(name));
}

/** The table as statements name it. @param defaultSchema where it names none; absent, the search path decides */
export function nameTable({ schema, name }: TableName, defaultSchema?: string): string {
  return String(identifyTable({ schema: schema ?? defaultSchema, name }));
}

function identifyTable({ schema, name }: TableName): Identifier {
  return schema === undefined ? new Identifier(name) : new Identifier(schema, name);
}
