import type { z } from 'zod';
import type { Capability, Completion, LinkedFile, Prompt, Resource, Scope, Tool } from './define.js';

/** Counts the reads of a cache by hit and miss. */
export interface CacheUse {
  hits: number;
  misses: number;
}

/** A guest of the server: everything that one subject brings, and all that the floors know of it. */
export interface Domain {
  name: string;
  /** The environment variables that it reads, with their defaults. */
  settings: z.ZodRawShape;
  /** All that its capabilities need. */
  scopes: readonly Scope[];
  tools: Tool[];
  resources: Resource[];
  files?: readonly LinkedFile[];
  prompts: Prompt[];
  /** By the name of the argument, in any prompt or resource of the domain. */
  completions: Record<string, Completion>;
  /**
   * What its handlers are given besides the call; absent if they need nothing. It may be called for each call, and
   * resolves as soon as they can serve.
   */
  services?(): Promise<unknown>;
  /** For the model, beside those of other domains: what this is and how to go about it. */
  instructions: string;
  /** Returns the part of a call's arguments that may be logged. */
  redactArguments(args: unknown, capability: Capability): Record<string, unknown>;
  /**
   * Labels for its calls in metrics and spans, by name. Their values must be few and known at the start: an argument that names
   * nothing known has no label.
   */
  labels?: {
    names: readonly string[];
    of(args: unknown, capability: Capability): Record<string, string>;
  };
  /** Hits and misses by cache; absent if the domain caches nothing. */
  cacheUse?(): Record<string, CacheUse>;
}
