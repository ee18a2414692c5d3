import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { prisma, ROOT } from '../../support/command.mjs';

interface Client {
  animal: { findMany(query: object): Promise<Record<string, unknown>[]> };
  $disconnect(): Promise<void>;
}

export interface Oracle {
  client: Client;
  stop(): Promise<void>;
}

/** Generates Prisma's own client of the zoo, from the schema that Steward reads. */
export async function createOracle(url: string): Promise<Oracle> {
  const folder = path.join(ROOT, 'build', `zoo-client-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const schema = await readFile(new URL('schema.prisma', import.meta.url), 'utf8');
  const file = path.join(folder, 'zoo.prisma');
  await writeFile(file, adapt(schema, folder));
  const { code, stderr } = await prisma(['generate', '--schema', file]);
  if (code !== 0) throw new Error(stderr);
  const { PrismaClient } = createRequire(import.meta.url)(path.join(folder, 'index.js')) as {
    PrismaClient: new (options: object) => Client;
  };
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  const stop = async () => {
    await client.$disconnect();
    await rm(folder, { recursive: true });
  };
  return { client, stop };
}

/** Prisma 7 takes no address from a schema, and no second generator is run. */
function adapt(schema: string, folder: string): string {
  return schema
    .replace(/^generator other \{[^}]*\}/m, '')
    .replace(/^ +url .*$/m, '')
    .replace('"prisma-client-js"', `"prisma-client-js"\n  output = ${JSON.stringify(folder)}`);
}
