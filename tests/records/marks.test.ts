import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { steward } from '../support/command.mjs';
import { startZoo } from './zoo/zoo.js';

const HEAD = ['datasource db {', '  provider = "postgresql"', '}', '', '/// @mcp.expose'];
const model = (...lines: string[]) =>
  [...HEAD, 'model Person {', '  id Int @id', ...lines, '}', ''].join('\n');

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'steward-marks-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Starts Steward on a schema that it is to refuse. @returns what it says */
async function refusal(schema: string): Promise<string> {
  await writeFile(path.join(folder, 'schema.prisma'), schema);
  const file = path.join(folder, 'steward.config.json');
  const shop = { schema: 'schema.prisma', url: 'postgresql://nowhere.invalid/shop' };
  await writeFile(file, JSON.stringify({ databases: { shop } }));
  const { code, stderr } = await steward([], { STEWARD_CONFIG: file });
  expect(code).toBe(1);
  return stderr;
}

/** The columns of Person that a caller sees. */
async function columnsOf(schema: string, table: string): Promise<string[]> {
  await writeFile(path.join(folder, 'schema.prisma'), schema);
  const sql = `CREATE TABLE "Person" (${table}); INSERT INTO "Person" (id) VALUES (1);`;
  const zoo = await startZoo({ section: { schema: path.join(folder, 'schema.prisma') }, sql });
  try {
    const { data } = await zoo.call('find_records', { model: 'Person' });
    expect(data.records.rows).toHaveLength(1);
    return data.records.columns;
  } finally {
    await zoo.stop();
  }
}

describe('a mark that is mistyped shows nothing: the start ends with its line and the right one', () => {
  it.each([
    ['in another case', '/// @MCP.hide'],
    ['with its word in another case', '/// @mcp.Hide'],
    ['with a space', '/// @mcp .hide'],
    ['with a space behind the @', '/// @ mcp.hide'],
    ['with another sign', '/// @mcp:hide'],
    ['without the dot', '/// @mcphide'],
    ['without the @', '/// mcp.hide'],
    ['with letters that changed places', '/// @mpc.hide'],
    ['with a letter missing', '/// what nobody sees @mcp.hid'],
  ])('%s: %s', async (_how, comment) => {
    expect(await refusal(model(`  wage Int? ${comment}`))).toMatch(
      /schema\.prisma:8: .*Did you mean '@mcp\.hide'\?/,
    );
  });

  it('with a value', async () => {
    expect(await refusal(model('  wage Int? /// @mcp.show: false'))).toMatch(
      /schema\.prisma:8: @mcp\.show takes no argument/,
    );
  });
});

describe('a mark without effect is refused with its line', () => {
  it.each([
    ['behind two slashes at a field', model('  wage Int? // @mcp.hide'), 8, /three: \/\/\/ @mcp\.hide/],
    ['behind two slashes above a field', model('  // @mcp.hide', '  wage Int?'), 8, /three/],
    ['at the end of a model', model('  wage Int?', '  /// @mcp.hide'), 9, /stands at nothing/],
    ['above an index', model('  wage Int?', '  /// @mcp.hide', '  @@index([wage])'), 9, /stands at nothing/],
    [
      'apart from what it marks',
      model('  /// @mcp.hide', '', '  /// Pay.', '  wage Int?'),
      8,
      /stands at nothing/,
    ],
    ['at a value of an enum', `enum Mood {\n  CALM /// @mcp.hide\n}\n${model()}`, 2, /stands at nothing/],
    ['behind the last line', `${model()}/// @mcp.hide\n`, 9, /stands at nothing/],
    [
      'at what its author ignores',
      model('  wage Int? @ignore /// @mcp.show'),
      8,
      /nothing that could be shown/,
    ],
    [
      'at what Prisma cannot read',
      model('  /// @mcp.show', '  shape Unsupported("point")?'),
      8,
      /nothing that could be shown/,
    ],
    [
      'at a relation',
      model(
        '  boss Person? @relation("boss", fields: [id], references: [id]) /// @mcp.hide',
        '  team Person[] @relation("boss")',
      ),
      8,
      /is a relation/,
    ],
    ['of a model at a field', model('  wage Int? /// @mcp.expose'), 8, /no mark of a field/],
    ['of a field at a model', model().replace('expose', 'expose @mcp.hide'), 5, /no mark of a model/],
    ['of a scope that is none', model().replace('expose', 'expose @mcp.scope("My Sales")'), 5, /no scope/],
  ])('%s', async (_where, schema, line, words) => {
    const said = await refusal(schema);
    expect(said).toMatch(words);
    expect(said).toContain(`schema.prisma:${line}: `);
  });
});

describe('the mark of a tenant without its setting, or where no tenant can be named, is refused with its line', () => {
  const NEEDS = /@mcp\.tenant needs a setting in quotes: @mcp\.tenant\("app\.tenant"\)/;
  it.each([
    ['without a setting', 'org Int /// @mcp.tenant', NEEDS],
    ['without quotes', 'org Int /// @mcp.tenant(app.tenant)', NEEDS],
    ['with other quotes', "org Int /// @mcp.tenant('app.tenant')", NEEDS],
    ['empty', 'org Int /// @mcp.tenant("")', NEEDS],
    ['without an end', 'org Int /// @mcp.tenant("app.tenant"', NEEDS],
    ['behind a space', 'org Int /// @mcp.tenant ("app.tenant")', NEEDS],
    ['behind a colon', 'org Int /// @mcp.tenant: "app.tenant"', NEEDS],
    ['with two settings', 'org Int /// @mcp.tenant("app.tenant", "app.other")', NEEDS],
    ['twice', 'org Int /// @mcp.tenant("app.tenant") @mcp.tenant("app.other")', /two settings of a tenant/],
    ['in another case', 'org Int /// @mcp.Tenant("app.tenant")', /Did you mean '@mcp\.tenant'/],
    ['as several', 'org Int /// @mcp.tenants("app.tenant")', /Did you mean '@mcp\.tenant'/],
    ['without the @', 'org Int /// mcp.tenant("app.tenant")', /Did you mean '@mcp\.tenant'/],
    ['behind two slashes', 'org Int // @mcp.tenant("app.tenant")', /a mark stands behind three/],
    ['at a list', 'org Int[] /// @mcp.tenant("app.tenant")', /Person\.org cannot say whose a row is/],
    ['at a time', 'org DateTime /// @mcp.tenant("app.tenant")', /Person\.org cannot say whose a row is/],
    ['at what is left out', 'org Int @ignore /// @mcp.tenant("app.tenant")', /nothing that could be shown/],
    [
      'at a relation',
      'boss Person? @relation("b", fields: [id], references: [id]) /// @mcp.tenant("app.tenant")\n  team Person[] @relation("b")',
      /Person\.boss is a relation: mark the field that holds the key of the tenant/,
    ],
  ])('%s', async (_how, field, words) => {
    const said = await refusal(model(`  ${field}`));
    expect(said).toMatch(words);
    expect(said).toContain('schema.prisma:8: ');
  });

  it('at a model', async () => {
    expect(await refusal(model().replace('expose', 'expose @mcp.tenant("app.tenant")'))).toMatch(
      /schema\.prisma:5: @mcp\.tenant is no mark of a model/,
    );
  });

  it('with a setting that no claim is written to', async () => {
    expect(await refusal(model('  org Int /// @mcp.tenant("app.tenant")'))).toMatch(
      /Person\.org is compared with "app\.tenant", which no claim is written to.* "claims": \{ "app\.tenant": "org_id" \}/,
    );
  });
});

describe('marks hold', () => {
  it('in any line of a comment, in comments of all forms, and where they cannot open anything', async () => {
    const schema = model(
      '  /// What is paid.',
      '  // In euros.',
      '  /// A secret. @mcp.hide Really.',
      '  /// Nobody sees it.',
      '  wage Int?',
      '  /* @mcp.hide */',
      '  rank Int?',
      '  grade Int? //// @mcp.hide',
      '  /// @mcp.hide',
      '  old Int? @ignore',
      '  // gone Int? /// @mcp.hide',
      '  note String? @default("// @mcp.hide")',
    );
    expect(await columnsOf(schema, 'id int, wage int, rank int, grade int, old int, note text')).toEqual([
      'id',
      'note',
    ]);
  });

  it.each([
    ['\r\n', 'Windows'],
    ['\r', 'old Macs'],
  ])('in files with the line ends %j of %s, and with a byte order mark', async (end) => {
    const schema = model('  wage Int? /// @mcp.hide', '  /// Its rank.', '  /// @mcp.hide', '  rank Int?');
    const generator = 'generator client { // not a }\n  provider = "nothing"\n}\n';
    const written = `\uFEFF${generator}${schema}`.replaceAll('\n', end);
    expect(await columnsOf(written, 'id int, wage int, rank int')).toEqual(['id']);
  });
});

/** How the names of fields may be written, with the words of secrets in them and without. */
const SECRET =
  'password PASSWORD_HASH user_passwd userPwd passphrase clientSecret SECRET_KEY refreshToken accesstoken token2 apiKey APIKEY x_api_keys APIkey privatekey private_key accessKeyId sshKey hashed sha256Hash pwhash passwordSalt salt otp otpCode totp hotp_key pin userPIN pin2 cvv2 jwt csrfCookie sessionId session_key session sid credentials recoveryCodes resetCode mfa mfa_code twoFactorCode smtpPass pass connectionString databaseUrl';
const ORDINARY =
  'name secretary shipping opinion pinned hashtag country_code zipCode discountCode passenger passport boardingPass compass sessionTitle mfaEnabled publicKey keyword monkey basalt footprint apiVersion side residence';

it('fields whose names look secret are hidden, in any way of writing them, and no others', async () => {
  const names = `${SECRET} ${ORDINARY}`.split(' ');
  const schema = model(...names.map((name) => `  ${name} Int?`));
  const table = ['id int', ...names.map((name) => `"${name}" int`)].join();
  expect(await columnsOf(schema, table)).toEqual(['id', ...ORDINARY.split(' ')]);
});
