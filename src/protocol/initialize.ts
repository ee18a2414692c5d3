import {
  LATEST_PROTOCOL_VERSION,
  SUPPORTED_PROTOCOL_VERSIONS,
  type InitializeResult,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { parseInput } from '../capability/parse-input.js';
import type { Method } from './method.js';

/** The fields that a client must send. All others are optional and unused. */
const GREETING = z.looseObject({
  protocolVersion: z.string(),
  capabilities: z.looseObject({}),
  clientInfo: z.looseObject({ name: z.string(), version: z.string() }),
});

/**
 * Answers a client's greeting (specification 2025-11-25, basic/lifecycle): in its own protocol version where that is
 * known, in the latest otherwise. A greeting that is not one is refused, and told what is wrong with it.
 */
export function initialize(version: string, instructions: string): Method {
  return (params): InitializeResult => {
    const { protocolVersion } = parseInput(GREETING, params);
    return {
      protocolVersion: SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion)
        ? protocolVersion
        : LATEST_PROTOCOL_VERSION,
      serverInfo: { name: 'steward', title: 'Steward', version },
      capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
      instructions,
    };
  };
}
