import type { InitializeResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { parseInput } from '../capability/parse-input.js';
import { LEGACY_VERSIONS } from './envelope.js';
import type { Introduction } from './introduction.js';
import type { Method } from './method.js';

/** The fields that a client must send. All others are optional and unused. */
const GREETING = z.looseObject({
  protocolVersion: z.string(),
  capabilities: z.looseObject({}),
  clientInfo: z.looseObject({ name: z.string(), version: z.string() }),
});

/**
 * Answers a client's greeting (specification 2025-11-25, basic/lifecycle): in its own protocol version where that is
 * known, in the latest that has a greeting otherwise. A greeting that is not one is refused, and told what is wrong with it.
 */
export function initialize(introduction: Introduction): Method {
  return (params, { connection }): InitializeResult => {
    const { protocolVersion: asked, capabilities } = parseInput(GREETING, params);
    if (connection) connection.capabilities = capabilities;
    const protocolVersion = LEGACY_VERSIONS.includes(asked) ? asked : String(LEGACY_VERSIONS[0]);
    return { protocolVersion, ...introduction };
  };
}
