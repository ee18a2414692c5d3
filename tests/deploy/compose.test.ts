import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ENVIRONMENT } from '../../src/settings/environment.js';
import { ROOT } from '../support/command.mjs';

type Condition = 'service_healthy' | 'service_completed_successfully';

interface Service {
  image: string;
  environment?: Record<string, string>;
  entrypoint?: string[];
  command?: string[];
  ports?: string[];
  networks?: string[];
  volumes?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  restart?: string;
  stop_grace_period?: string;
  deploy?: { replicas: number };
  depends_on?: Record<string, { condition: Condition }>;
  healthcheck?: { test?: string[]; disable?: boolean };
}

const BALANCER_CONFIG = 'deploy/haproxy.cfg';

let services: Record<'postgres' | 'redis' | 'migrate' | 'steward' | 'balancer' | 'token', Service>;
let networks: Record<string, { internal?: boolean } | null>;
let balancerConfig: string;

beforeAll(async () => {
  const text = await readFile(path.join(ROOT, 'compose.yaml'), 'utf8');
  ({ services, networks } = parse(text, { merge: true }) as {
    services: typeof services;
    networks: typeof networks;
  });
  balancerConfig = await readFile(path.join(ROOT, BALANCER_CONFIG), 'utf8');
});

const own = () => Object.entries(services).filter(([, { image }]) => image === 'steward');

/** `${NAME:-default}` and `${NAME:?message}`, as Compose replaces them where NAME is not set, or set to GIVEN. */
const GIVEN = Buffer.alloc(32, 'given').toString('base64url');
const filledIn = (value: string) =>
  value.replaceAll(/\$\{\w+:(-|\?)([^}]*)\}/g, (_, kind, text: string) => (kind === '-' ? text : GIVEN));

describe('compose.yaml', () => {
  it('accepts clients through the balancer only, and from this machine only', () => {
    const published = Object.entries(services).filter(([, { ports }]) => ports !== undefined);
    expect(published.map(([name]) => name)).toEqual(['balancer']);
    expect(services.balancer.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)]);
    expect(networks['data']?.internal).toBe(true);
    expect(services.postgres.networks).toEqual(['data']);
    expect(services.redis.networks).toEqual(['data']);
    expect(services.balancer.networks).not.toContain('data');
  });

  it('takes from every container what it does not need', () => {
    for (const service of Object.values(services)) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    }
  });

  it('migrates once, before the two replicas start', () => {
    const { migrate, steward } = services;
    expect(migrate.command?.join('')).toContain('prisma migrate deploy');
    expect(migrate.restart).toBeUndefined();
    expect(migrate.depends_on?.['postgres']).toEqual({ condition: 'service_healthy' });
    expect(steward.depends_on?.['migrate']).toEqual({ condition: 'service_completed_successfully' });
    expect(steward.deploy?.replicas).toBe(2);
  });

  it('migrates as the owner of the tables, and serves as a role that owns nothing', () => {
    const { postgres, migrate, steward } = services;
    expect(migrate.environment?.['DB_USER']).toBe('steward_owner');
    expect(steward.environment?.['DB_USER']).toBe('steward_app');
    expect(postgres.volumes?.slice(1)).toEqual([
      './prisma/roles.sql:/docker-entrypoint-initdb.d/1-roles.sql:ro',
      './deploy/role-passwords.sql:/docker-entrypoint-initdb.d/2-role-passwords.sql:ro',
    ]);
    expect(postgres.environment).toMatchObject({
      STEWARD_OWNER_PASSWORD: migrate.environment?.['DB_PASSWORD'],
      STEWARD_APP_PASSWORD: steward.environment?.['DB_PASSWORD'],
    });
  });

  it('waits for no service whose health it cannot tell', () => {
    const awaited = Object.values(services).flatMap(({ depends_on: needed = {} }) =>
      Object.entries(needed).flatMap(([name, { condition }]) =>
        condition === 'service_healthy' ? name : [],
      ),
    );
    const tellsHealth = Object.entries(services).flatMap(([name, { image, healthcheck }]) =>
      healthcheck?.test !== undefined || (image === 'steward' && !healthcheck?.disable) ? name : [],
    );
    expect(tellsHealth).toEqual(expect.arrayContaining(awaited));
  });

  it('holds no password, and refuses to start without one', () => {
    const secrets = Object.values(services).flatMap(({ environment = {} }) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|SECRET|TOKEN$/.test(name)),
    );
    expect(secrets.length).toBeGreaterThan(0);
    for (const [, value] of secrets) expect(value).toMatch(/^\$\{\w+:\?[^}]+\}$/);
  });

  it('sets variables that Steward has, to values that it takes', () => {
    expect(own()).toHaveLength(3);
    for (const [, { environment = {} }] of own()) {
      expect(Object.keys(ENVIRONMENT.shape)).toEqual(expect.arrayContaining(Object.keys(environment)));
      const values = Object.entries(environment).map(([name, value]) => [name, filledIn(value)]);
      expect(ENVIRONMENT.safeParse(Object.fromEntries(values)).error).toBeUndefined();
    }
  });

  it('gives calls under way the time that Steward gives them', () => {
    const seconds = Number(/^(\d+)s$/.exec(services.steward.stop_grace_period ?? '')?.[1]);
    // And the 5 s that closing the database may take.
    expect(seconds * 1000).toBeGreaterThanOrEqual(ENVIRONMENT.parse({}).SHUTDOWN_GRACE_MS + 5000);
  });

  it('mounts what is there', () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.map((each) => each.split(':')),
    );
    const files = mounted.map(([from = '']) => from).filter((from) => from.startsWith('.'));
    expect(files).toContain(`./${BALANCER_CONFIG}`);
    expect(files.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });
});

describe("the balancer's configuration", () => {
  it('listens on the port that is published, and calls the one that the image serves', async () => {
    const [, port] = /^\s*bind :(\d+)$/m.exec(balancerConfig) ?? [];
    expect(services.balancer.ports?.[0]).toMatch(new RegExp(`:${port}$`));
    const called = [...balancerConfig.matchAll(/^\s*server-template \S+ \S+ (\S+)$/gm)].map(([, at]) => at);
    const [, exposed] = /^EXPOSE (\d+)$/m.exec(await readFile(path.join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
    expect([...new Set(called)]).toEqual([`steward:${exposed}`]);
  });

  it('answers in JSON whenever it answers itself', () => {
    const answers = [
      ...balancerConfig.matchAll(/http-error status (\d+) content-type (\S+) string '(.*)'$/gm),
    ];
    expect(answers.map(([, status]) => status)).toEqual(['400', '408', '502', '503', '504']);
    for (const [, , type, body = ''] of answers) {
      expect(type).toBe('application/json');
      expect(JSON.parse(body)).toMatchObject({
        jsonrpc: '2.0',
        id: null,
        error: { code: expect.any(Number) },
      });
    }
  });
});

const haproxyIsHere = ((): boolean => {
  try {
    execFileSync('haproxy', ['-v']);
    return true;
  } catch {
    return false;
  }
})();

(haproxyIsHere ? describe : describe.skip)('HAProxy (where it is installed)', () => {
  it('takes the configuration', () => {
    const check = ['-c', '-q', '-f', path.join(ROOT, BALANCER_CONFIG)];
    expect(() => execFileSync('haproxy', check)).not.toThrow();
  });
});
