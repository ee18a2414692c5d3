import { getStaticTOMLValue, parseTOML, type AST } from 'toml-eslint-parser';
import { isObject } from '../../json-object.js';
import { beginsWith } from './values.js';
import { brokenAt, Problem } from './problem.js';
import { endOfLineOf, splice, type Edit, type Syntax } from './syntax.js';

/** Reads TOML 1.1 and writes 1.0, since a client may know no more. */
export const TOML_TEXT: Syntax = {
  read: (text) => getStaticTOMLValue(parse(text)),
  set(text, keys, value) {
    const { pairs, holders } = list(parse(text));
    const same = pairs.find((pair) => isSame(pair.keys, keys));
    if (same) return splice(text, [[...same.node.value.range, render(value)]]);
    const isHeld = [...pairs, ...holders].some((one) => beginsWith(one.keys, keys));
    if (!isHeld && isObject(value)) return append(text, keys, value);
    // Below the deepest table or inline table that is there.
    const [holder] = holders
      .filter((one) => keys.length > one.keys.length && beginsWith(keys, one.keys))
      .toSorted((a, b) => b.keys.length - a.keys.length);
    if (!holder) throw new TypeError('no table');
    const added = `${keys.slice(holder.keys.length).join('.')} = ${render(value)}`;
    return splice(text, [insert(text, holder, added)]);
  },
  remove(text, keys) {
    const { pairs, holders, comments } = list(parse(text));
    const tables = holders.filter(
      ({ node, keys: own }) => node.type === 'TOMLTable' && beginsWith(own, keys),
    );
    const alone = pairs.filter(({ node, keys: own }) => beginsWith(own, keys) && !isInside(node, tables));
    const outer = alone.filter(({ node }) => !isInside(node, alone));
    const rest = splice(text, [
      ...tables.map(({ node }) => cutLines(text, node, comments)),
      ...outer.map((pair) => cutPair(text, pair, comments)),
    ]);
    return /^\s/.test(text) ? rest : rest.replace(/^[\r\n]+/, '');
  },
};

type Holder = { keys: string[]; node: AST.TOMLTopLevelTable | AST.TOMLTable | AST.TOMLInlineTable };
type Pair = { keys: string[]; node: AST.TOMLKeyValue; holder: Holder };
type Listed = Holder | Pair;

function parse(text: string): AST.TOMLProgram {
  try {
    return parseTOML(text, { tomlVersion: '1.1' });
  } catch (error) {
    const { lineNumber, column } = error as { lineNumber?: number; column?: number };
    if (lineNumber === undefined || column === undefined) throw error;
    throw brokenAt(lineNumber, column + 1, 'this is not valid TOML');
  }
}

/** All that can hold values, and all values, by their whole keys. */
function list({ body: [top], comments }: AST.TOMLProgram) {
  const holders: Holder[] = [];
  const pairs: Pair[] = [];
  const visit = (holder: Holder) => {
    holders.push(holder);
    for (const node of holder.node.body) {
      if (node.type === 'TOMLTable') {
        visit({ keys: node.resolvedKey.map(String), node });
        continue;
      }
      const own = node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
      const keys = [...holder.keys, ...own];
      pairs.push({ keys, node, holder });
      if (node.value.type === 'TOMLInlineTable') visit({ keys, node: node.value });
    }
  };
  visit({ keys: [], node: top });
  return { holders, pairs, comments };
}

const isInside = ({ range: [start, end] }: AST.TOMLNode, of: readonly Listed[]) =>
  of.some(({ node }) => node.range[0] < start && end <= node.range[1]);

const isSame = (a: readonly string[], b: readonly string[]) => a.length === b.length && beginsWith(a, b);

/** @param value texts, lists and tables of them; JSON's escapes are TOML's as well */
function render(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(render).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key} = ${render(inner)}`)
    .join(', ')} }`;
}

/** A table may stand at the end, unless a value or an inline table has that name. */
function append(text: string, keys: readonly string[], value: Record<string, unknown>): string {
  const endOfLine = endOfLineOf(text);
  const gap = text.trim() === '' ? '' : text.endsWith('\n') ? endOfLine : endOfLine.repeat(2);
  const lines = Object.entries(value).map(([key, inner]) => `${key} = ${render(inner)}`);
  const appended = text + gap + [`[${keys.join('.')}]`, ...lines, ''].join(endOfLine);
  try {
    parse(appended);
    return appended;
  } catch (error) {
    throw new Problem('NOT_WRITTEN', `"${keys[0]}" takes no table. Add the entry by hand`, error);
  }
}

/** After the last pair of a table, and after the comment beside it. */
function insert(text: string, { node }: Holder, added: string): Edit {
  const pairs = node.body.filter((one) => one.type === 'TOMLKeyValue');
  const last = pairs.at(-1);
  if (node.type === 'TOMLInlineTable') {
    const at = last?.range[1] ?? node.range[0] + 1;
    return [at, at, last ? `, ${added}` : ` ${added} `];
  }
  const at = endOfLineAt(text, last?.range[1] ?? node.range[1]);
  const start = last?.range[0] ?? 0;
  const indent = last ? text.slice(text.lastIndexOf('\n', start - 1) + 1, start) : '';
  return [at, at, `${endOfLineOf(text)}${indent}${added}`];
}

function cutPair(text: string, { node, holder }: Pair, comments: readonly AST.Comment[]): Edit {
  if (holder.node.type !== 'TOMLInlineTable') return cutLines(text, node, comments);
  const index = holder.node.body.indexOf(node);
  const [before, after] = [holder.node.body[index - 1], holder.node.body[index + 1]];
  if (before) return [before.range[1], node.range[1], ''];
  return [node.range[0], after?.range[0] ?? node.range[1], ''];
}

/** With the blank lines before it, and the comment beside it. Other comments stay. */
function cutLines(
  text: string,
  { range: [from, to], loc }: AST.TOMLNode,
  comments: readonly AST.Comment[],
): Edit {
  const beside = comments.find(
    (comment) => comment.loc.start.line === loc.end.line && comment.range[0] >= to,
  );
  return [text.slice(0, from).trimEnd().length, beside?.range[1] ?? to, ''];
}

function endOfLineAt(text: string, place: number): number {
  const end = text.indexOf('\n', place);
  if (end < 0) return text.length;
  return text.charAt(end - 1) === '\r' ? end - 1 : end;
}
