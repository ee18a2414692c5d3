import { join, raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { Reference } from '../filter/condition.js';
import type { Identifier, ViewModel, ViewRelation } from '../view/view.js';

/** Numbers the aliases of one statement, those of its subqueries included. */
export class Aliases {
  #count = 0;

  next(): string {
    return `t${this.#count++}`;
  }
}

/** The table of a model in a statement, and the tables that to-one paths lead to, each joined once. */
export class Tables {
  readonly alias: string;
  readonly #paths = new Map<string, string>();
  readonly #joins: Sql[] = [];

  constructor(
    private readonly model: ViewModel,
    readonly aliases: Aliases,
  ) {
    this.alias = aliases.next();
  }

  column({ relations, column }: Reference): Sql {
    return columnOf(this.reach(relations), column.column);
  }

  /** The alias of the table that these to-one relations lead to. */
  reach(relations: readonly ViewRelation[]): string {
    let alias = this.alias;
    let path = '';
    for (const relation of relations) {
      path += `.${relation.name}`;
      const known = this.#paths.get(path);
      const next = known ?? this.aliases.next();
      if (known === undefined) {
        this.#paths.set(path, next);
        const { table } = relation.target();
        this.#joins.push(sql`left join ${named(table, next)} on ${joinCondition(relation, alias, next)}`);
      }
      alias = next;
    }
    return alias;
  }

  /** What stands after FROM. To be read last: conditions and columns add to it. */
  from(): Sql {
    return join([named(this.model.table, this.alias), ...this.#joins], ' ');
  }
}

function columnOf(alias: string, column: Identifier): Sql {
  return raw(`${alias}.${String(column)}`);
}

function named(table: Identifier, alias: string): Sql {
  return raw(`${String(table)} as ${alias}`);
}

/** The rows `there` that a row `here` is related to. A relation by a table of its own is a subquery. */
export function joinCondition({ join: by }: ViewRelation, here: string, there: string): Sql {
  if (by.kind === 'columns')
    return join(
      by.pairs.map((pair) => sql`${columnOf(there, pair.there)} = ${columnOf(here, pair.here)}`),
      ' and ',
    );
  const link = `${there}_link`;
  return sql`exists (select from ${named(by.table, link)} where ${columnOf(link, by.here)} = ${columnOf(here, by.hereKey)} and ${columnOf(link, by.there)} = ${columnOf(there, by.thereKey)})`;
}
