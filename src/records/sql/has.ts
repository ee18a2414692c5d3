import { raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { Value } from '../filter/condition.js';
import type { ViewColumn } from '../view/view.js';
import type { Question } from './question.js';
import { compareTime } from './time.js';

/** True or false, never neither: a list that is null holds nothing. */
export function writeHas(
  column: Sql,
  { type, native, isList }: ViewColumn,
  value: Value,
  question: Question,
): Sql {
  if (isList && type === 'DateTime')
    return sql`exists (select from unnest(${column}) as element(value) where ${compareTime(raw('element.value'), native, '=', value, question)})`;
  const text = value.kind === 'exact' ? value.text : '';
  if (isList && type === 'Json')
    return sql`exists (select from unnest(${column}) as element(value) where ${toJsonb(raw('element.value'), native)} = any(${jsonMeanings(text)}::jsonb[]))`;
  if (isList) return sql`(${column} is not null and ${column} @> ${[text]})`;
  const json = toJsonb(column, native);
  const inArray = isJson(text)
    ? sql` or (jsonb_typeof(${json}) = 'array' and ${json} @> ${text}::jsonb)`
    : raw('');
  return sql`(${column} is not null and (${json} ? ${text}${inArray}))`;
}

/** Escapes of NUL and of halves of characters, which `json` holds and `jsonb` refuses. */
const NO_CHARACTER = String.raw`(?<!\\)((?:\\\\)*)(?:\\u0000|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2})`;

function toJsonb(json: Sql, native: string | undefined): Sql {
  if (native !== 'Json') return json;
  return sql`regexp_replace(${json}::text, ${NO_CHARACTER}, ${String.raw`\1\\ufffd`}, 'gi')::jsonb`;
}

/** A number, true, false or null: what an array of JSON may hold besides text. */
function isJson(text: string): boolean {
  return /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d{1,3})?)$/.test(text);
}

/** What a text may mean as an element: the text itself, and the JSON that it is. */
function jsonMeanings(text: string): string[] {
  const asText = JSON.stringify(text.replaceAll('\0', '\ufffd').toWellFormed());
  try {
    JSON.parse(text);
    return text.includes(String.raw`\u`) ? [asText] : [asText, text];
  } catch {
    return [asText];
  }
}
