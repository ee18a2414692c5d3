import type { Source } from '../schema.js';
import type { SchemaFile } from './files.js';
import type { PrismaModel } from './parse.js';

/** A line that is empty or a comment. */
const WITHOUT_CODE = /^\s*(\/\/.*|\/\*.*|\*\/)?\s*$/;

interface Declared extends Source {
  /** Its name in the database. */
  column: string;
}

/** Finds what Prisma's data model leaves out: the lines, and what it withholds, such as fields and models with `@ignore`. */
export function readDeclarations(files: readonly SchemaFile[], read: ReadonlyMap<string, PrismaModel>) {
  const models = new Map<string, Source & { isView: boolean; last: number; fields: Map<string, Declared> }>();
  const linesOf = new Map(files.map(({ name, text }) => [name, text.split('\n')]));
  for (const [file, lines] of linesOf) {
    let model: { last: number; fields: Map<string, Declared> } | undefined;
    lines.forEach((code, at) => {
      const line = at + 1;
      const [, kind, opened] = /^\s*(model|view)\s+(\S+)\s*\{/.exec(code) ?? [];
      const field = /^\s*([^\s@/{}]+)\s/.exec(code)?.[1];
      if (opened !== undefined) {
        const isView = kind === 'view';
        const begun = { file, line, isView, last: line, fields: new Map<string, Declared>() };
        models.set(opened, begun);
        model = begun;
      } else if (/^\s*\}/.test(code)) {
        if (model) model.last = line;
        model = undefined;
      } else if (field !== undefined) {
        const mapped = /@map\(\s*(?:name\s*:\s*)?"((?:[^"\\]|\\.)*)"\s*\)/
          .exec(code)?.[1]
          ?.replace(/\\(.)/g, '$1');
        model?.fields.set(field, { file, line, column: mapped ?? field });
      }
    });
  }
  const unknown: Source = { file: files[0]?.name ?? '', line: 1 };
  const isWithheld = (model: string, name: string) =>
    read.get(model)?.fields.some((field) => field.name === name) !== true;
  return {
    find(model: string, field?: string): Source {
      const found = models.get(model);
      const { file, line } = (field === undefined ? found : found?.fields.get(field)) ?? unknown;
      return { file, line };
    },
    isView: (model: string) => models.get(model)?.isView === true,
    withheld({ name: model }: PrismaModel): { name: string; column: string }[] {
      const declared = [...(models.get(model)?.fields ?? [])];
      return declared
        .filter(([name]) => isWithheld(model, name))
        .map(([name, { column }]) => ({ name, column }));
    },
    /** Whether what stands here, or below comments that begin here, is a model or a field that is withheld. */
    isWithheldAt({ file, line }: Source): boolean {
      const below = (linesOf.get(file) ?? []).slice(line - 1).findIndex((code) => !WITHOUT_CODE.test(code));
      if (below === -1) return false;
      const at = line + below;
      const found = [...models].find(
        ([, model]) => model.file === file && model.line <= at && at <= model.last,
      );
      if (!found) return false;
      const [name, { fields }] = found;
      const field = [...fields].find(([, declared]) => declared.line === at)?.[0];
      return !read.has(name) || (field !== undefined && isWithheld(name, field));
    },
  };
}
