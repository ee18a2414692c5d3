import type { z } from 'zod';

/** The name of a right. A caller has some; each capability needs one. A domain declares those that its capabilities need. */
export type Scope = string;

/** What a capability needs of its caller: a scope, one of several, or all of several. */
export type RequiredScope = Scope | readonly Scope[] | { all: readonly Scope[] };

/** The scopes that a requirement names. */
export function scopesNamed(required: RequiredScope): readonly Scope[] {
  if (typeof required === 'string') return [required];
  return 'all' in required ? required.all : required;
}

/** The characters that RFC 6749, section 3.3 allows in a scope, less the characters that a header or a list would have to escape. */
export const SCOPE = /^[a-z][a-z0-9._-]*(:[a-z0-9._-]+)*$/;

/** Attributes of a caller beyond name and scopes, such as the claims of its access token. */
export type Claims = Readonly<Record<string, unknown>>;

/** The actor and the call behind a change: part of every audit row. */
export interface Author {
  actor: string;
  tool: string;
  requestId: string;
}

/** The part of a call that its handler sees. Never the SDK, never Prisma, never a domain. */
export interface Context {
  author: Author;
  claims: Claims;
  /** What the caller may do; for a capability that shows each caller its own part. */
  scopes: ReadonlySet<Scope>;
  /** Aborted when the caller no longer waits: what is not committed by then is rolled back. */
  signal: AbortSignal;
  /** For a tool, resource or prompt that may throw InputRequired; absent where the client cannot be asked for anything. */
  input?: ClientInput;
}

/** What a client can be asked for, and what it answered (specification 2026-07-28, basic/patterns/mrtr). */
export interface ClientInput {
  /** As the client declares them. */
  capabilities: Record<string, unknown>;
  /** By the keys of the requests; undefined for a call that answers nothing. Nothing else of them is checked. */
  responses: Record<string, unknown> | undefined;
  /** As the client gave it: it may be forged. */
  state: string | undefined;
}

/** The effects of a tool, as in MCP's tool annotations (specification 2025-11-25, server/tools). */
export const EFFECTS = {
  reads: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  adds: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  /** Overwrites what was there; doing it twice is doing it once. */
  overwrites: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
};

/** What stands beside an answer: a picture, sound, document or link (specification 2025-11-25, server/tools: tool result). */
export type Attachment =
  | { kind: 'image' | 'audio'; mimeType: string; base64: string }
  | { kind: 'document'; uri: string; mimeType: string; text: string }
  | Link;

/** Where a file can be read (specification 2025-11-25, server/tools: resource links). */
export interface Link {
  kind: 'link';
  uri: string;
  /** Of the file, to be saved under. */
  name: string;
  description: string;
  mimeType: string;
}

/** What the page of answers gets besides an answer, whose first table it shows. */
export interface Shown {
  /** Columns that make a chart, by their names. */
  chart?:
    | {
        labels: string[];
        values: string[];
        /** The labels are stretches of time. */
        overTime: boolean;
      }
    | undefined;
  csv?: Link | undefined;
}

/** A tool. Its handler gets the services of its domain, and may name their type. */
export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  name: string;
  title: string;
  /** For the model: when to use it, what it answers, what to do next. */
  description: string;
  /** What a caller needs to see and to call it. */
  scope: RequiredScope;
  effect: (typeof EFFECTS)[keyof typeof EFFECTS];
  input: Input;
  output: Output;
  handle(input: z.output<Input>, context: Context, services: unknown): Promise<z.input<Output>>;
  /** What stands beside the answer, made after it. */
  attachments?(input: z.output<Input>, context: Context): Promise<Attachment[]>;
  /** Of a tool whose answers are shown by the page of answers, in clients that show pages: what that needs besides. */
  show?(input: z.output<Input>, context: Context): Shown;
}

/** A tool that can also be read at an address, by callers who may call the tool. It holds what the tool answers, as JSON. */
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

/**
 * A file that links in answers lead to. No list names it, since an address that nothing gave out leads nowhere. It is made
 * when it is read, of what its reader may see then.
 */
export interface LinkedFile {
  name: string;
  /** As a resource has it. */
  uriTemplate: string;
  mimeType: string;
  scope: RequiredScope;
  /** The template's variables. */
  input: z.ZodObject;
  /** Of the text as JSON writes it. */
  largestBytes: number;
  /** @returns the text as it is sent; what people typed must have passed showUnseenIn */
  read(
    input: Record<string, unknown>,
    context: Context,
  ): Promise<{ text: string; rows: number; meta?: Record<string, unknown> }>;
}

export interface Prompt<Arguments extends z.ZodObject = z.ZodObject> {
  name: string;
  title: string;
  description: string;
  scope: RequiredScope;
  /** All of them strings, as prompts have nothing else. */
  arguments: Arguments;
  /** The message, in the user's words; or several, some of which may be attachments. */
  render(
    values: z.output<Arguments>,
    context: Context,
    services: unknown,
  ): Promise<string | (string | Attachment)[]>;
}

/** All that a call can reach. */
export type Capability = Tool | Resource | LinkedFile | Prompt;

/** Known values of an argument, of which those are offered that begin with what was typed. */
export interface Completion {
  /** What a caller needs to be offered them. */
  scope: RequiredScope;
  /** @param chosen the arguments that have a value already (specification 2025-11-25, server/utilities/completion) */
  values(context: Context, services: unknown, chosen: Readonly<Record<string, string>>): Promise<string[]>;
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
