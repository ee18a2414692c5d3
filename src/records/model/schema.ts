/** A data model as a value, free of the format it was read from. */
export interface Schema {
  models: readonly Model[];
  enums: ReadonlyMap<string, Enum>;
  /** Comments that document no model and no field that can be shown. */
  strayComments: readonly StrayComment[];
}

/** A line of a comment. */
export interface Comment {
  text: string;
  source: Source;
}

export interface StrayComment extends Comment {
  /** It is of two slashes, documents what its author ignores or Prisma cannot read, or stands where it documents nothing. */
  why: 'plain' | 'withheld' | 'detached';
}

export interface Enum {
  name: string;
  /** In the order of the schema, which need not be the database's. */
  values: readonly { name: string; stored: string }[];
}

export interface Model {
  name: string;
  table: TableName;
  /** It is declared as a view. */
  isView: boolean;
  documentation: readonly Comment[];
  source: Source;
  fields: readonly Field[];
  /** Columns that can never be shown: those of types that Prisma does not know, and those that their author ignores. */
  withheld: readonly ColumnName[];
  /** Sets of columns that tell rows apart, by field name; the primary key first. */
  keys: readonly (readonly string[])[];
  /** The B-tree indexes of the schema, by field name. */
  indexes: readonly (readonly string[])[];
}

export interface TableName {
  /** Absent: the search path decides. */
  schema: string | undefined;
  name: string;
}

/** The place of a definition, for messages to the author of the schema. */
export interface Source {
  file: string;
  line: number;
}

export interface ColumnName {
  name: string;
  /** Its name in the database. */
  column: string;
}

export type Field = Column | Relation;

export type ScalarType =
  'String' | 'Boolean' | 'Int' | 'BigInt' | 'Float' | 'Decimal' | 'DateTime' | 'Json' | 'Bytes';

export interface Column extends ColumnName {
  kind: 'column';
  type: ScalarType | 'Enum';
  /** The values of an enum; absent for other types. */
  values?: Enum | undefined;
  /** The database's own type where the schema names one, such as Date, Timestamptz or Citext. */
  native: string | undefined;
  isList: boolean;
  isRequired: boolean;
  documentation: readonly Comment[];
  source: Source;
  /** The expression that the database makes it from, if any. */
  generatedFrom: string | undefined;
}

export interface Relation {
  kind: 'relation';
  name: string;
  /** The name of the model that it leads to. */
  target: string;
  isList: boolean;
  isRequired: boolean;
  documentation: readonly Comment[];
  source: Source;
  join: Join;
}

/** How a row finds the rows that it is related to. All names are the database's. */
export type Join =
  | {
      kind: 'columns';
      pairs: readonly { here: string; there: string }[];
      /** The columns here are a foreign key: they hold what those there hold. */
      refers: boolean;
    }
  | { kind: 'table'; table: TableName; hereKey: string; here: string; there: string; thereKey: string };
