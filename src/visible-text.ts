/**
 * Characters that a reader does not see: controls, line separators, marks that turn the writing direction, fillers, tags.
 * What people typed passes here on its way out, so that nothing of it can be hidden, or pass for something the server says.
 */
export const UNSEEN = String.raw`[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;

/** Scripts whose spelling needs joiners and non-joiners between letters. */
const JOINING = `[${'Arab Syrc Mong Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt'
  .split(' ')
  .map((script) => String.raw`\p{Script_Extensions=${script}}`)
  .join('')}]`;

/** Unseen characters that a script or an emoji needs where they stand: they stay. */
const NEEDED = [
  String.raw`(?<=\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F]?)\u200D(?=\p{Extended_Pictographic})`,
  String.raw`(?<=[\p{Emoji}\p{Script=Han}])[\uFE0E\uFE0F]`,
  String.raw`(?<=\p{Script=Han})[\u{E0100}-\u{E01EF}]`,
  String.raw`(?<=\p{Script=Mong})[\u180B-\u180D\u180F]`,
  String.raw`(?<=${JOINING})[\u200C\u200D](?=${JOINING})`,
].join('|');

const HAS_UNSEEN = new RegExp(UNSEEN, 'u');
const NEEDED_OR_UNSEEN = new RegExp(`${NEEDED}|(${UNSEEN})`, 'gu');
const SHORT_ESCAPES: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function replaceUnseen(text: string, escape: (character: string) => string): string {
  if (!HAS_UNSEEN.test(text)) return text;
  return text.replace(NEEDED_OR_UNSEEN, (character, unseen?: string) =>
    unseen === undefined ? character : escape(character),
  );
}

/** The text on one line, with what a reader does not see as an escape: `\n`, `\x07`, `\u{202e}`. */
export function showUnseen(text: string): string {
  return replaceUnseen(text, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return SHORT_ESCAPES[character] ?? (code < 0x80 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`);
}

/** A JSON value with its texts and names as showUnseen has them, but for tabs and ends of lines, which JSON escapes. */
export function showUnseenIn<Value>(value: Value): Value;
export function showUnseenIn(value: unknown): unknown {
  if (typeof value === 'string')
    return replaceUnseen(value, (character) =>
      character in SHORT_ESCAPES ? character : escapeCharacter(character),
    );
  if (Array.isArray(value)) return value.map((item: unknown) => showUnseenIn(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [showUnseenIn(name), showUnseenIn(member)]),
  );
}

/** The same as JSON on one line, in the escapes of JSON: reading it gives the value back. */
export function toVisibleJson(value: unknown, replacer?: (key: string, value: unknown) => unknown): string {
  return replaceUnseen(JSON.stringify(value, replacer), (character) =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

const LONGEST_QUOTE = 100;

/** A text in quotation marks, for a sentence: on one line, its own quotation marks escaped, cut if it is long. */
export function quote(text: string): string {
  const characters = Array.from(text);
  const cut = characters.length > LONGEST_QUOTE ? `${characters.slice(0, LONGEST_QUOTE).join('')}…` : text;
  return toVisibleJson(cut);
}
