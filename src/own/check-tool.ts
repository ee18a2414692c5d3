import { z } from 'zod';
import { EFFECTS, SCOPE, scopesNamed, type RequiredScope } from '../capability/define.js';
import { OperatorError } from '../errors.js';
import type { OwnTool } from './define-tool.js';

/** What all clients take. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

const EFFECT_NAMES = Object.keys(EFFECTS).map((name) => `EFFECTS.${name}`);

/** A text with more than white space in it. */
const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';

/**
 * What is wrong with a tool, which may come from a program that no compiler has seen.
 * @throws OperatorError for the first of it, with what to do
 */
export function checkTool(tool: OwnTool, place: number): void {
  const given = Object(tool) as Partial<Record<keyof OwnTool, unknown>>;
  const { name, title, description, scope, effect, input, output, handle, attachments } = given;
  if (typeof name !== 'string' || !NAME.test(name))
    throw new OperatorError(
      `The tool at place ${place + 1} needs a name of letters, digits, _ and -, 64 at most, that begins with a letter.`,
    );
  const fail = (words: string): never => {
    throw new OperatorError(`The tool ${name} ${words}`);
  };
  if (!isText(description))
    fail('needs a description: tell the model when to use it, what it answers and what to do next.');
  if (title !== undefined && !isText(title)) fail('needs words for its title, or none.');
  if (!isEffect(effect))
    fail(`needs an effect: ${EFFECT_NAMES.join(', ')}, or an object with the four hints of one.`);
  if (scope !== undefined && !isScope(scope))
    fail('needs a scope such as "orders:read", a list of such, or none.');
  if (input !== undefined) assertObject(input, 'input', fail);
  assertObject(output, 'output', fail);
  if (typeof handle !== 'function') fail('needs a function "handle", which makes its answer.');
  if (attachments !== undefined && typeof attachments !== 'function')
    fail('needs a function for "attachments", or none.');
}

function isEffect(value: unknown): boolean {
  const hints = Object(value) as Record<string, unknown>;
  return Object.keys(EFFECTS.reads).every((hint) => typeof hints[hint] === 'boolean');
}

function isScope(value: unknown): boolean {
  const list = typeof value === 'string' ? [value] : Array.isArray(value) ? value : Object(value)['all'];
  if (!Array.isArray(list) || list.length === 0) return false;
  return scopesNamed(value as RequiredScope).every((scope) => typeof scope === 'string' && SCOPE.test(scope));
}

/**
 * A program brings a zod of its own, so nothing here depends on the copy: zod itself tells its classes by name, and a schema
 * converts itself.
 */
function assertObject(schema: unknown, part: string, fail: (words: string) => never): void {
  const { toJSONSchema } = Object(schema) as { toJSONSchema?: unknown };
  if (schema instanceof z.ZodObject && typeof toJSONSchema === 'function') return;
  fail(`needs an ${part} made with z.object({ … }) of zod 4.2 or later; nothing may be piped behind it.`);
}
