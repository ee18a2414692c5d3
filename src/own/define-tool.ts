import type { z } from 'zod';
import type { Attachment, Author, Claims, EFFECTS, RequiredScope, Scope } from '../capability/define.js';

/** The part of a call that the handler of such a tool sees. */
export interface CallContext {
  author: Author;
  claims: Claims;
  /** What the caller may do. */
  scopes: ReadonlySet<Scope>;
  /** Aborted when the caller no longer waits, or has waited too long. */
  signal: AbortSignal;
}

/** A tool of a program that serves tools of its own. */
export interface OwnTool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  /** As the model calls it, such as `restock_product`. */
  name: string;
  /** For people; without it, the name as words. */
  title?: string;
  /** For the model: when to use it, what it answers, what to do next. */
  description: string;
  /** What a caller needs to see and to call it. Without it: `tools:read` for a tool that reads, else `tools:write`. */
  scope?: RequiredScope;
  /** What a call does to the world; clients ask a person before some. */
  effect: (typeof EFFECTS)[keyof typeof EFFECTS];
  /** Without it, the tool takes no arguments. Others than these are refused, unless it is a `z.looseObject`. */
  input?: Input;
  /** What is not in it is left out of the answer. */
  output: Output;
  /** A thrown StewardError is shown to the model; any other error is logged, and shown as INTERNAL. */
  handle(input: z.output<Input>, context: CallContext): z.input<Output> | Promise<z.input<Output>>;
  /** Pictures, sounds and documents beside the answer, made after it. */
  attachments?(input: z.output<Input>, context: CallContext): Attachment[] | Promise<Attachment[]>;
}

/** Lets the compiler hold a handler to its schemas: its input is what they parse to, its answer what they allow. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  tool: OwnTool<Input, Output>,
): OwnTool {
  return tool;
}
