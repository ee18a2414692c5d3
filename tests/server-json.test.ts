import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ROOT } from './support/command.mjs';

const read = async (name: string) =>
  JSON.parse(await readFile(path.join(ROOT, name), 'utf8')) as Record<string, unknown>;

const version = z.string().regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/);

/** What the registry's schema of 2025-12-11 asks of a server that npm installs, and its checks of names. */
const SERVER = z.strictObject({
  $schema: z.literal('https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json'),
  name: z
    .string()
    .max(200)
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
  title: z.string().min(1).max(100),
  description: z.string().min(1).max(100),
  version,
  packages: z.array(
    z.strictObject({
      registryType: z.literal('npm'),
      identifier: z.string(),
      version,
      runtimeHint: z.literal('npx'),
      transport: z.strictObject({ type: z.literal('stdio') }),
      environmentVariables: z.array(
        z.strictObject({
          name: z.string(),
          description: z.string(),
          format: z.enum(['string', 'number', 'boolean', 'filepath']),
          isSecret: z.boolean().optional(),
          choices: z.array(z.string()).optional(),
          default: z.string().optional(),
        }),
      ),
    }),
  ),
});

describe('server.json, for the MCP registry', () => {
  it('says what the registry asks for', async () => {
    expect(SERVER.safeParse(await read('server.json')).error).toBeUndefined();
  });

  it('names this package and its version, and the package names it', async () => {
    const { name, version: current, mcpName } = await read('package.json');
    const server = SERVER.parse(await read('server.json'));
    expect(server).toMatchObject({
      name: mcpName,
      version: current,
      packages: [{ identifier: name, version: current }],
    });
  });

  it('asks for settings that there are', async () => {
    const { packages } = SERVER.parse(await read('server.json'));
    const asked = packages.flatMap(({ environmentVariables }) => environmentVariables);
    const documented = await readFile(path.join(ROOT, 'docs', 'configuration.md'), 'utf8');
    for (const { name } of asked) expect(documented).toContain(`\`${name}\``);
  });
});
