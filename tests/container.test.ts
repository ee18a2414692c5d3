import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { parse } from 'yaml';
import { ROOT } from './support/command.mjs';
import { readDockerfile } from './support/dockerfile.js';
import { eventually } from './support/eventually.js';
import { freePort } from './support/free-port.mjs';
import { MCP_HEADERS } from './support/http.js';
import { Image } from './support/image.js';
import { administer } from './support/server.mjs';
import { SERVER_URL, serverUrl } from './support/template.mjs';

const readJson = async (name: string) => JSON.parse(await readFile(path.join(ROOT, name), 'utf8'));

describe('The container image (its Dockerfile replayed in folders: there is no Docker engine here)', () => {
  let image: Image;
  /** An empty database, and an address that only this machine reaches. */
  let env: Record<string, string>;
  let server: ChildProcess | undefined;
  const databaseName = `steward_test_${randomUUID()}`;

  beforeAll(async () => {
    image = await Image.build();
    const loopback = { HTTP_HOST: '127.0.0.1', HTTP_PORT: String(await freePort()) };
    if (SERVER_URL === undefined) {
      const dataDir = path.join(await image.volume(), 'postgres');
      env = { ...loopback, STEWARD_DATA_DIR: dataDir, STEWARD_EMBEDDED_LINGER_MS: '2000' };
    } else {
      await administer(`CREATE DATABASE "${databaseName}"`);
      env = { ...loopback, DATABASE_URL: serverUrl(databaseName) };
    }
  }, 600_000);

  afterEach(async () => {
    if (server?.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL');
      await once(server, 'close');
    }
  });

  afterAll(async () => {
    await image?.remove();
    if (SERVER_URL !== undefined) await administer(`DROP DATABASE "${databaseName}" WITH (FORCE)`);
  });

  const get = async (where: string) => (await fetch(`http://127.0.0.1:${env['HTTP_PORT']}${where}`)).status;

  /** What the image does when nothing else is asked of it. */
  const start = async () => {
    const { entrypoint, cmd } = image.stage;
    server = image.spawn([...entrypoint, ...cmd], env, { stdio: 'ignore' });
    await eventually(async () => (await get('/ready').catch(() => 0)) === 200, 30_000);
    return server;
  };

  const healthcheck = async () => (await image.run(image.stage.healthcheck, env)).code;

  it('is made for a Node that package.json allows', async () => {
    const [from] = await readDockerfile(path.join(ROOT, 'Dockerfile'));
    const [, major, minor] = /^node:(\d+)\.(\d+)-slim$/.exec(from?.kind === 'from' ? from.image : '') ?? [];
    const { engines } = await readJson('package.json');
    const [, least, leastMinor] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
    expect(Number(major) * 1000 + Number(minor)).toBeGreaterThanOrEqual(
      Number(least) * 1000 + Number(leastMinor),
    );
  });

  it('holds what it runs, and neither sources nor settings of a developer', async () => {
    expect((await readdir(image.workdir)).toSorted()).toEqual([
      '.env.production',
      'dist',
      'node_modules',
      'package.json',
      'prisma',
      'prisma.config.ts',
      'tokens',
    ]);
  });

  it('holds no package that only development needs', async () => {
    const { packages } = (await readJson('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
    };
    const development = Object.keys(packages).filter(
      (name) => packages[name]?.dev === true || packages[name]?.devOptional === true,
    );
    expect(development).toEqual(
      expect.arrayContaining(['node_modules/typescript', 'node_modules/jest', 'node_modules/prettier']),
    );
    expect(development.filter((name) => existsSync(path.join(image.workdir, name)))).toEqual([]);
  });

  it('is not run by root', () => {
    expect(image.stage.user).toBe('node');
  });

  it('migrates an empty database, as compose.yaml has it do', async () => {
    const { services } = parse(await readFile(path.join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }) as {
      services: { migrate: { entrypoint: string[]; command: string[] } };
    };
    const { entrypoint, command } = services.migrate;
    const migrated = await image.run([...entrypoint, ...command], env);
    expect(migrated).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('All migrations have been successfully applied'),
    });
    expect(await image.run([...image.stage.entrypoint, 'doctor'], env)).toMatchObject({ code: 0 });
  });

  it('serves, and its health check says so', async () => {
    await start();
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'list_departments', arguments: {} },
    });
    const url = `http://127.0.0.1:${env['HTTP_PORT']}/mcp`;
    const answer = await fetch(url, { method: 'POST', headers: MCP_HEADERS, body });
    expect(await answer.json()).toMatchObject({
      result: { structuredContent: { notice: expect.anything() } },
    });
    expect(await healthcheck()).toBe(0);
  });

  it('ends with 0 when it is told to stop, which its health check notices', async () => {
    const running = await start();
    const ended = once(running, 'close');
    running.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(await healthcheck()).toBe(1);
  });
});
