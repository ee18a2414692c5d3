import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ENVIRONMENT } from '../../src/settings/environment.js';
import { ROOT } from '../support/command.mjs';

interface Service {
  image: string;
  build?: string | { context: string; target: string };
  environment?: Record<string, string>;
  command?: string[];
  ports?: string[];
  networks?: string[];
  volumes?: string[];
  restart?: string;
  stop_grace_period?: string;
  deploy?: { replicas: number };
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
}

const BALANCER_CONFIG = 'deploy/haproxy.cfg';

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const balancerConfig = read(BALANCER_CONFIG);
const { services, networks } = parse(read('compose.yaml'), { merge: true }) as {
  services: Record<'postgres' | 'redis' | 'migrate' | 'steward' | 'balancer' | 'token', Service>;
  networks: Record<string, { internal?: boolean } | null>;
};
const { postgres, redis, migrate, steward, balancer } = services;
const all = Object.entries(services).map(([name, service]) => ({ name, ...service }));

/** `${NAME:-default}` and `${NAME:?message}`, as Compose replaces them where NAME is not set, or set to GIVEN. */
const GIVEN = Buffer.alloc(32, 'given').toString('base64url');
const filledIn = (value: string) =>
  value.replaceAll(/\$\{\w+:(-|\?)([^}]*)\}/g, (_, kind, text: string) => (kind === '-' ? text : GIVEN));

describe('compose.yaml', () => {
  it('accepts clients through the balancer only, and from this machine only', () => {
    expect(all.filter(({ ports }) => ports).map(({ name }) => name)).toEqual(['balancer']);
    expect(balancer.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)]);
    expect(networks['data']?.internal).toBe(true);
    expect([postgres.networks, redis.networks]).toEqual([['data'], ['data']]);
    expect(balancer.networks).not.toContain('data');
  });

  it.each(all)('takes from $name what it does not need', (service) => {
    const hardened = { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] };
    expect(service).toMatchObject(hardened);
  });

  it('migrates once, before the two replicas start', () => {
    expect(migrate.command?.join('')).toContain('prisma migrate deploy');
    expect(migrate.restart).toBeUndefined();
    expect(migrate.depends_on).toMatchObject({ postgres: { condition: 'service_healthy' } });
    expect(steward.depends_on).toMatchObject({ migrate: { condition: 'service_completed_successfully' } });
    expect(steward.deploy?.replicas).toBe(2);
  });

  it('migrates from the stage of the Dockerfile that holds Prisma, and serves from its last', () => {
    const stages = [...read('Dockerfile').matchAll(/^FROM \S+(?: AS (\S+))?$/gm)].map(([, name]) => name);
    expect(migrate.build).toEqual({ context: '.', target: 'migrate' });
    expect(stages).toContain('migrate');
    expect([steward.build, stages.at(-1)]).toEqual(['.', undefined]);
    expect(steward.image).not.toBe(migrate.image);
  });

  it('migrates as the owner of the tables, and serves as a role that owns nothing', () => {
    expect(postgres.environment).toMatchObject({
      STEWARD_OWNER_PASSWORD: migrate.environment?.['DB_PASSWORD'],
      STEWARD_APP_PASSWORD: steward.environment?.['DB_PASSWORD'],
    });
    expect(migrate.environment?.['DB_USER']).toBe('steward_owner');
    expect(steward.environment?.['DB_USER']).toBe('steward_app');
    expect(postgres.volumes?.slice(1)).toEqual([
      './prisma/roles.sql:/docker-entrypoint-initdb.d/1-roles.sql:ro',
      './deploy/role-passwords.sql:/docker-entrypoint-initdb.d/2-role-passwords.sql:ro',
    ]);
  });

  it('waits for no service whose health it cannot tell', () => {
    const awaited = all.flatMap(({ depends_on: needed = {} }) =>
      Object.keys(needed).filter((name) => needed[name]?.condition === 'service_healthy'),
    );
    const tellsHealth = all.filter(
      ({ image, healthcheck }) => healthcheck?.test ?? (image === 'steward' && !healthcheck?.disable),
    );
    expect(tellsHealth.map(({ name }) => name)).toEqual(expect.arrayContaining(awaited));
  });

  it('holds no password, and refuses to start without one', () => {
    const variables = all.flatMap(({ environment = {} }) => Object.entries(environment));
    const secrets = variables.filter(([name]) => /PASSWORD|SECRET|TOKEN$/.test(name));
    expect(secrets.length).toBeGreaterThan(0);
    for (const [, value] of secrets) expect(value).toMatch(/^\$\{\w+:\?[^}]+\}$/);
  });

  it.each(['migrate', 'steward', 'token'] as const)(
    'sets variables of %s to values that it takes',
    (name) => {
      const variables = Object.entries(services[name].environment ?? {});
      const given = Object.fromEntries(variables.map(([variable, value]) => [variable, filledIn(value)]));
      expect(Object.keys(ENVIRONMENT.shape)).toEqual(expect.arrayContaining(Object.keys(given)));
      expect(ENVIRONMENT.safeParse(given).error).toBeUndefined();
    },
  );

  it('gives calls under way the time that Steward gives them', () => {
    const seconds = Number(/^(\d+)s$/.exec(steward.stop_grace_period ?? '')?.[1]);
    // And the 5 s that closing the database may take.
    expect(seconds * 1000).toBeGreaterThanOrEqual(ENVIRONMENT.parse({}).SHUTDOWN_GRACE_MS + 5000);
  });

  it('mounts what is there', () => {
    const mounted = all.flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const files = mounted.filter((from) => from.startsWith('.'));
    expect(files).toContain(`./${BALANCER_CONFIG}`);
    expect(files.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });
});

describe("the balancer's configuration", () => {
  it('listens on the port that is published, and calls the one that the image serves', () => {
    const port = /^\s*bind :(\d+)$/m.exec(balancerConfig)?.[1];
    expect(balancer.ports?.[0]).toMatch(new RegExp(`:${port}$`));
    const called = [...balancerConfig.matchAll(/^\s*server-template \S+ \S+ (\S+)$/gm)].map(([, at]) => at);
    const exposed = /^EXPOSE (\d+)$/m.exec(read('Dockerfile'))?.[1];
    expect([...new Set(called)]).toEqual([`steward:${exposed}`]);
  });

  it('answers in JSON whenever it answers itself', () => {
    const answer = /http-error status (\d+) content-type (\S+) string '(.*)'$/gm;
    const answers = [...balancerConfig.matchAll(answer)];
    expect(answers.map(([, status]) => status)).toEqual(['400', '408', '502', '503', '504']);
    for (const [, , type, body = ''] of answers) {
      expect(type).toBe('application/json');
      const error = { code: expect.any(Number) };
      expect(JSON.parse(body)).toMatchObject({ jsonrpc: '2.0', id: null, error });
    }
  });
});

const haproxyIsHere = spawnSync('haproxy', ['-v']).status === 0;

(haproxyIsHere ? describe : describe.skip)('HAProxy (where it is installed)', () => {
  it('takes the configuration', () => {
    expect(spawnSync('haproxy', ['-c', '-q', '-f', path.join(ROOT, BALANCER_CONFIG)]).status).toBe(0);
  });
});
