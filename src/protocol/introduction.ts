import type { Implementation, ServerCapabilities } from '@modelcontextprotocol/sdk/types.js';

/** What the server says of itself: in the greeting of one era, when it is asked in the other. */
export interface Introduction {
  serverInfo: Implementation;
  capabilities: ServerCapabilities;
  instructions: string;
}

/** Nothing here changes while the server runs, so there is nothing to subscribe to. */
export function introduce(version: string, instructions: string): Introduction {
  return {
    serverInfo: { name: 'steward', title: 'Steward', version },
    capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
    instructions,
  };
}
