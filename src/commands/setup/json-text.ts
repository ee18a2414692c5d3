import {
  evaluate,
  parse,
  type DocumentNode,
  type MemberNode,
  type ObjectNode,
  type Token,
} from '@humanwhocodes/momoa';
import { brokenAt } from './problem.js';
import { endOfLineOf, splice, type Edit, type Syntax } from './syntax.js';

/** JSON, or JSON with comments and trailing commas. */
export function jsonText(mode: 'json' | 'jsonc'): Syntax {
  const parseText = (text: string) => parseWithPlaces(text, mode);
  return {
    read(text) {
      const { body } = parseText(text);
      return evaluate(asObject(body)) as Record<string, unknown>;
    },
    set(text, keys, value) {
      const document = parseText(text);
      const layout = readLayout(text, document);
      let object = asObject(document.body);
      for (const [depth, key] of keys.entries()) {
        const member = findMember(object, key);
        const rest = keys.slice(depth + 1);
        if (!member) return insert(layout, object, key, nest(rest, value));
        if (rest.length === 0) {
          const [start, end] = rangeOf(member.value);
          return splice(text, [[start, end, layout.render(value, layout.indentAt(start), false)]]);
        }
        object = asObject(member.value);
      }
      throw new TypeError('no keys');
    },
    remove(text, keys) {
      const document = parseText(text);
      let object = asObject(document.body);
      for (const key of keys.slice(0, -1)) object = asObject(findMember(object, key)?.value);
      const member = findMember(object, keys.at(-1) ?? '');
      return member ? cut(readLayout(text, document), object, member) : text;
    },
  };
}

/** How a text is laid out, and how to write more in the same way. */
interface Layout {
  text: string;
  tokens: readonly Token[];
  endOfLine: string;
  unit: string;
  /** The blanks that begin the line of this place. */
  indentAt(place: number): string;
  render(value: unknown, indent: string, inOneLine: boolean): string;
}

function parseWithPlaces(text: string, mode: 'json' | 'jsonc'): DocumentNode {
  try {
    return parse(text, { mode, ranges: true, tokens: true, allowTrailingCommas: mode === 'jsonc' });
  } catch (error) {
    const { line, column, message } = error as Error & { line?: number; column?: number };
    if (line === undefined || column === undefined) throw error;
    // The parser is not sure where that is.
    if (message.startsWith('Unexpected end')) {
      const lines = text.trimEnd().split('\n');
      throw brokenAt(
        lines.length,
        (lines.at(-1) ?? '').length + 1,
        'this is not valid JSON: it ends too early',
      );
    }
    const what = mode === 'json' ? 'JSON, without comments and trailing commas' : 'JSON';
    throw brokenAt(line, column, `this is not valid ${what}`);
  }
}

function asObject(node: DocumentNode['body'] | undefined): ObjectNode {
  if (node?.type === 'Object') return node;
  const { line, column } = node?.loc.start ?? { line: 1, column: 1 };
  throw brokenAt(line, column, 'an object is expected here, { … }');
}

/** @throws Problem for a key that is there twice: clients differ in which of them counts */
function findMember({ members }: ObjectNode, key: string): MemberNode | undefined {
  const [first, second] = members.filter(
    ({ name }) => (name.type === 'String' ? name.value : name.name) === key,
  );
  if (!second) return first;
  const { line, column } = second.loc.start;
  throw brokenAt(line, column, `"${key}" is here a second time`);
}

function readLayout(text: string, { tokens = [], body }: DocumentNode): Layout {
  const indentAt = (place: number) => /^[ \t]*/.exec(text.slice(startOfLine(text, place)))?.[0] ?? '';
  const first = body.type === 'Object' ? body.members[0] : undefined;
  const endOfLine = endOfLineOf(text);
  const unit = (first && beginsLine(text, rangeOf(first)[0]) && indentAt(rangeOf(first)[0])) || '  ';
  return {
    text,
    tokens,
    endOfLine,
    unit,
    indentAt,
    render: (value, indent, inOneLine) =>
      inOneLine
        ? JSON.stringify(value)
        : JSON.stringify(value, null, unit).replaceAll('\n', `${endOfLine}${indent}`),
  };
}

/** After the last member, and after a comment beside it. */
function insert(layout: Layout, object: ObjectNode, key: string, value: unknown): string {
  const { text, tokens, endOfLine, unit } = layout;
  const [open, end] = rangeOf(object);
  const last = object.members.at(-1);
  const inOneLine = last !== undefined && !text.slice(open, end).includes('\n');
  const write = (indent: string) => `${JSON.stringify(key)}: ${layout.render(value, indent, inOneLine)}`;
  const outer = layout.indentAt(open);
  if (!last) {
    const comment = tokens.findLast(
      (token) => isComment(token) && rangeOf(token)[0] > open && rangeOf(token)[1] < end,
    );
    const from = comment ? rangeOf(comment)[1] : open + 1;
    const added = `${endOfLine}${outer}${unit}${write(outer + unit)}${endOfLine}${outer}`;
    return splice(text, [[from, end - 1, added]]);
  }
  const [start, endOfLast] = rangeOf(last);
  const comma = findComma(tokens, endOfLast, end);
  const after = comma ? rangeOf(comma)[1] : endOfLast;
  if (inOneLine) {
    const blank = /\s/.test(text.charAt(open + 1)) ? ' ' : '';
    return splice(text, [[after, after, `${comma ? '' : ','}${blank}${write('')}${comma ? ',' : ''}`]]);
  }
  const indent = beginsLine(text, start) ? layout.indentAt(start) : outer + unit;
  const beside = findComments(text, tokens, after, end);
  const added = `${endOfLine}${indent}${write(indent)}${comma ? ',' : ''}`;
  return splice(text, [
    ...(comma ? [] : [[endOfLast, endOfLast, ','] satisfies Edit]),
    [beside, beside, added],
  ]);
}

/** With its comma, and with its lines where there is nothing else on them. Comments stay. */
function cut({ text, tokens }: Layout, object: ObjectNode, member: MemberNode): string {
  let [start, end] = rangeOf(member);
  const comma = findComma(tokens, end, rangeOf(object)[1]);
  const before = object.members[object.members.indexOf(member) - 1];
  const commaBefore = before && !comma ? findComma(tokens, rangeOf(before)[1], start) : undefined;
  const edits: Edit[] = commaBefore ? [[...rangeOf(commaBefore), '']] : [];
  if (comma && text.slice(end, rangeOf(comma)[0]).trim() === '') end = rangeOf(comma)[1];
  else if (comma) edits.push([...rangeOf(comma), '']);
  const rest = /^[ \t]*(?=\r?\n)/.exec(text.slice(end));
  if (rest && beginsLine(text, start)) {
    end += rest[0].length;
    start = startOfLine(text, start);
    start -= text.endsWith('\r\n', start) ? 2 : 1;
  } else if (commaBefore && text.slice(rangeOf(commaBefore)[1], start).trim() === '')
    start = rangeOf(commaBefore)[1];
  else end += /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0;
  return splice(text, [...edits, [start, end, '']]);
}

function findComma(tokens: readonly Token[], from: number, to: number): Token | undefined {
  const next = tokens.find((token) => !isComment(token) && rangeOf(token)[0] >= from);
  return next?.type === 'Comma' && rangeOf(next)[1] <= to ? next : undefined;
}

/** Where the comments end that begin on the line of this place. */
function findComments(text: string, tokens: readonly Token[], from: number, to: number): number {
  let end = from;
  for (const token of tokens) {
    const [start, endOfToken] = rangeOf(token);
    if (start < from) continue;
    if (!isComment(token) || endOfToken > to || text.slice(end, start).includes('\n')) break;
    end = endOfToken;
  }
  return end;
}

function isComment({ type }: Token): boolean {
  return type === 'LineComment' || type === 'BlockComment';
}

function startOfLine(text: string, place: number): number {
  return text.lastIndexOf('\n', place - 1) + 1;
}

function beginsLine(text: string, place: number): boolean {
  const start = startOfLine(text, place);
  return start > 0 && text.slice(start, place).trim() === '';
}

function nest(keys: readonly string[], value: unknown): unknown {
  return keys.reduceRight((inner, key) => ({ [key]: inner }), value);
}

/** The parser was told to keep them. */
function rangeOf({ range }: { range?: readonly number[] | undefined }): [number, number] {
  const [start, end] = range ?? [];
  if (start === undefined || end === undefined) throw new TypeError('no range');
  return [start, end];
}
