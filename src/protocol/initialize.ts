import {
  LATEST_PROTOCOL_VERSION,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Implementation,
  type InitializeResult,
  type ServerCapabilities,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { parseInput } from '../capability/parse-input.js';
import { StewardError } from '../errors.js';
import { toRpcError } from './errors.js';
import type { Method } from './method.js';

/** The fields that a client must send. All others are optional and unused. */
const GREETING = z.looseObject({
  protocolVersion: z.string(),
  capabilities: z.looseObject({}),
  clientInfo: z.looseObject({ name: z.string(), version: z.string() }),
});

export interface Introduction {
  serverInfo: Implementation;
  capabilities: ServerCapabilities;
  instructions: string;
}

/**
 * Answers a client's greeting (specification 2025-11-25, basic/lifecycle): in its own protocol version where that is
 * known, in the latest otherwise.
 * @throws RpcError for a greeting that is not one, naming what is wrong with it
 */
export function initialize(introduction: Introduction): Method {
  return (params): InitializeResult => {
    const { protocolVersion } = parseGreeting(params);
    return {
      protocolVersion: SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion)
        ? protocolVersion
        : LATEST_PROTOCOL_VERSION,
      ...introduction,
    };
  };
}

function parseGreeting(params: Record<string, unknown>): z.output<typeof GREETING> {
  try {
    return parseInput(GREETING, params);
  } catch (error) {
    throw error instanceof StewardError ? toRpcError(error) : error;
  }
}
