import { randomUUID } from 'node:crypto';

/** Escapes and the ends of strings, and numbers, of a valid JSON text. A pattern for whole strings runs out of stack. */
const ESCAPE_QUOTE_OR_NUMBER = /\\.|"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** The longest decimal form of a number that JavaScript knows exactly is shorter. */
const LONGEST_NUMBER = 400;

/** Begins a string that stands for a number. No stored text can hold it by chance. */
const MARK = `\0${randomUUID()} `;
const MARKED = new RegExp(`"${JSON.stringify(MARK).slice(1, -1).replaceAll('\\', '\\\\')}([^"]*)"`, 'g');

/** Replaces the numbers of a valid JSON text that JavaScript would round. */
export function replaceInexact(json: string, replace: (digits: string) => string): string {
  return replaceNumbers(json, (digits) => (isExact(digits) ? digits : replace(digits)));
}

/** Parses JSON; a number that JavaScript would round becomes text. */
export function parseWithTextNumbers(json: string): unknown {
  return JSON.parse(replaceInexact(json, (digits) => JSON.stringify(digits))) as unknown;
}

/** Parses JSON, and keeps each number's own digits for `writeExact`: JavaScript would round some, and shorten others. */
export function parseExact(json: string): unknown {
  const marked = replaceNumbers(json, (digits) =>
    JSON.stringify(Number(digits)) === digits ? digits : JSON.stringify(MARK + digits),
  );
  return JSON.parse(marked) as unknown;
}

/** Writes what `parseExact` parsed as JSON, numbers as they were. */
export function writeExact(value: unknown): string {
  return JSON.stringify(value).replace(MARKED, '$1');
}

function replaceNumbers(json: string, replace: (digits: string) => string): string {
  let isInString = false;
  return json.replace(ESCAPE_QUOTE_OR_NUMBER, (token) => {
    if (token === '"') isInString = !isInString;
    return isInString || token === '"' ? token : replace(token);
  });
}

/** True if JavaScript writes the number as the same decimal. */
function isExact(digits: string): boolean {
  return digits.length <= LONGEST_NUMBER && normalise(digits) === normalise(JSON.stringify(Number(digits)));
}

/** One form of each decimal: its digits without zeros around them, and the power of ten. */
function normalise(number: string): string | undefined {
  const [, sign = '', whole, fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number) ?? [];
  if (whole === undefined) return undefined;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
