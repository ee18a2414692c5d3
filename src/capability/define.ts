import type { z } from 'zod';
import type { Author } from '../directory/audited-change.js';
import type { Directory } from '../directory/index.js';
import type { Scope } from '../scopes.js';

/** What a handler gets to see: the domain and who is calling. Never the SDK, never Prisma. */
export interface Context {
  directory: Directory;
  author: Author;
}

/** What a tool does to the world, as MCP's tool annotations tell it (specification 2025-11-25, server/tools). */
export interface Effect {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

export const EFFECTS = {
  reads: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  adds: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  /** Overwrites what was there; doing it twice is doing it once. The old value stays in the audit log. */
  overwrites: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
} satisfies Record<string, Effect>;

/** Something to be shown as it is: a picture, sound, a document (specification 2025-11-25, server/tools: tool result). */
export type Attachment =
  | { kind: 'image' | 'audio'; mimeType: string; base64: string }
  | { kind: 'document'; uri: string; mimeType: string; text: string };

export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  name: string;
  title: string;
  /** For the model: when to use it, what it answers, what to do next. */
  description: string;
  /** What a caller needs to see and to call it. */
  scope: Scope;
  effect: Effect;
  input: Input;
  output: Output;
  handle(input: z.output<Input>, context: Context): Promise<z.input<Output>>;
  /** What goes with the answer and is no part of it; asked for after the answer. */
  attachments?(input: z.output<Input>, context: Context): Promise<Attachment[]>;
}

/** A tool that can also be read at an address, by whoever may call the tool. It holds what the tool answers, as JSON. */
export interface Resource {
  name: string;
  title: string;
  description: string;
  /** RFC 6570 template, level 1 expansions and one `{?form,query}`; each variable is an argument of the tool. */
  uriTemplate: string;
  tool: Tool;
  /** For a resource that holds the tool's attachments of this type instead. */
  mimeType?: string;
}

export interface Prompt<Arguments extends z.ZodObject = z.ZodObject> {
  name: string;
  title: string;
  description: string;
  scope: Scope;
  /** Strings all of them, as prompts have nothing else. */
  arguments: Arguments;
  /** The message, in the user's words; or several, some of which may be attachments. */
  render(values: z.output<Arguments>, context: Context): Promise<string | (string | Attachment)[]>;
}

/** Lets the compiler hold a handler to its schemas: its input is what they parse to, its answer what they allow. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  tool: Tool<Input, Output>,
): Tool {
  return tool;
}

/** As defineTool. */
export function definePrompt<Arguments extends z.ZodObject>(prompt: Prompt<Arguments>): Prompt {
  return prompt;
}
