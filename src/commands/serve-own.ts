import { Console } from 'node:console';
import { fileURLToPath } from 'node:url';
import { OperatorError } from '../errors.js';
import type { OwnTool } from '../own/define-tool.js';
import { createOwn } from '../own/index.js';
import { proposeVariable } from '../settings/sources.js';
import { composeBeside, type Compose } from './compose.js';
import { serveHttp } from './serve-http.js';
import { serveStdio } from './serve-stdio.js';

export interface ServeOptions {
  tools: readonly OwnTool[];
  /**
   * The configuration file, by its path or as `new URL('steward.config.json', import.meta.url)`; the environment's
   * STEWARD_CONFIG is stronger. Without either, `steward.config.json` in the working folder is read if it is there.
   */
  config?: string | URL;
  /** How clients reach it. All settings of `steward` and of `steward http` hold. */
  transport?: 'stdio' | 'http';
  /** For the model: what the tools are for, and how they go with what else is served. */
  instructions?: string;
}

const SERVE = { stdio: serveStdio, http: serveHttp };

let begun = false;

/**
 * Serves a program's tools beside what the configuration serves. Without a configuration, there is nothing else.
 * @throws OperatorError
 */
export async function serveOwn(options: ServeOptions): Promise<void> {
  if (begun) throw new OperatorError('serve was called before. Call it once, with all tools.');
  begun = true;
  try {
    await begin(options);
  } catch (error) {
    // The message is for the program's author; a stack within Steward would stand in its way.
    begun = false;
    if (error instanceof OperatorError) error.stack = `${error.name}: ${error.message}`;
    throw error;
  }
}

async function begin({ tools, config, transport = 'stdio', instructions = '' }: ServeOptions): Promise<void> {
  if (!Array.isArray(tools)) throw new OperatorError('serve needs "tools": a list of tools.');
  if (!Object.hasOwn(SERVE, transport))
    throw new OperatorError('serve takes as "transport" either "stdio" or "http".');
  if (config !== undefined)
    proposeVariable('STEWARD_CONFIG', config instanceof URL ? fileURLToPath(config) : config);
  // What a program prints would stand among the messages to the client.
  if (transport === 'stdio') globalThis.console = new Console(process.stderr);
  await SERVE[transport](besideConfigured(tools, instructions));
}

function besideConfigured(tools: readonly OwnTool[], instructions: string): Compose {
  return (options) => {
    const own = createOwn({ tools, instructions, readOnly: options.config.readOnly });
    const { domains, ...beside } = composeBeside(options);
    return { ...beside, domains: [...domains, own] };
  };
}
