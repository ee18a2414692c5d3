// The SDK's empty tool over stdio.
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { emptySdkServer } from '../../empty-sdk-server.mjs';

await emptySdkServer().connect(new StdioServerTransport());
