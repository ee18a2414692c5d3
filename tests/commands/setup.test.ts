import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CLIENTS } from '../../src/commands/setup/clients.js';
import { listPlaces } from '../../src/commands/setup/places.js';
import type { Machine } from '../../src/settings/folders.js';
import { fillExample } from '../records/example.js';
import { bareEnvironment, MAIN, ROOT, run } from '../support/command.mjs';
import { atTerminal, CTRL_C } from '../support/terminal.js';

const BYTE_ORDER_MARK = '\uFEFF';

let home: string;
let project: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'steward-setup-'));
  project = path.join(home, 'project');
  await mkdir(project);
});
afterEach(() => rm(home, { recursive: true, force: true }));

const at = (file: string) => path.join(home, file);
const read = (file: string) => readFile(at(file), 'utf8');
const setup = (args: string[] = [], env: Record<string, string> = {}) =>
  run([MAIN, 'setup', ...args], { HOME: home, ...env }, project);

async function put(file: string, content: string | Buffer): Promise<void> {
  await mkdir(path.dirname(at(file)), { recursive: true });
  await writeFile(at(file), content);
}

/** A configuration, which the entry of a client then names. */
async function putConfiguration(): Promise<string> {
  await put('project/steward.config.json', '{ "directory": true }');
  return at('project/steward.config.json');
}

async function listBackups(file: string): Promise<string[]> {
  const { dir, base } = path.parse(file);
  return (await readdir(at(dir)))
    .filter((name) => name.startsWith(`${base}.`))
    .map((name) => path.join(dir, name));
}

/** The lines that start this Steward, as JSON with some indentation. */
const jsonLines = (configuration: string) => [
  `"command": ${JSON.stringify(process.execPath)},`,
  '"args": [',
  `>${JSON.stringify(MAIN)}`,
  '],',
  '"env": {',
  `>"STEWARD_CONFIG": ${JSON.stringify(configuration)}`,
  '}',
];

/** A file of a client with a place marked ENTRY, where the entry comes to stand, and what its text is there. */
interface Case {
  file: string;
  before: string;
  after: (configuration: string) => string;
}

/** @param unit of indentation @param base before each line @param start further members @param end after the last line */
function jsonEntry(
  configuration: string,
  unit: string,
  base: string,
  { start = [] as string[], end = '' } = {},
): string {
  const lines = [...start, ...jsonLines(configuration)].map((line) =>
    line.startsWith('>') ? `${base}${unit}${unit}${line.slice(1)}` : `${base}${unit}${line}`,
  );
  return [`${base}"steward": {`, ...lines, `${base}}${end}`].join('\n');
}

const CASES: [client: string, what: string, Case][] = [
  [
    'claude-desktop',
    'beside another server and its settings',
    {
      file: '.config/Claude/claude_desktop_config.json',
      before: `{
  "globalShortcut": "Ctrl+Space",
  "mcpServers": {
    "filesystem": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/ann/Documents"]
    }COMMA
ENTRY  },
  "isUsingBuiltInNodeForMcp": false
}
`,
      after: (configuration) => `${jsonEntry(configuration, '  ', '    ')}\n`,
    },
  ],
  [
    'claude-code',
    'in the file of all its state, with a type',
    {
      file: '.claude.json',
      before: `{
  "numStartups": 41,
  "bigNumber": 12345678901234567890,
  "projects": {
    "/home/ann/shop": { "allowedTools": [], "mcpServers": {} }
  },
  "mcpServers": {
    "github": { "type": "http", "url": "https://api.githubcopilot.com/mcp/" }COMMA
ENTRY  },
  "oauthAccount": { "emailAddress": "ann@example.com" }
}`,
      after: (configuration) =>
        `${jsonEntry(configuration, '  ', '    ', { start: ['"type": "stdio",'] })}\n`,
    },
  ],
  [
    'cursor',
    'with tabs, comments and trailing commas',
    {
      file: '.cursor/mcp.json',
      before: `// Ann's servers
{
\t"mcpServers": {
\t\t/* at work */
\t\t"linear": {
\t\t\t"url": "https://mcp.linear.app/sse",
\t\t}, // asks once a week
ENTRY\t\t// "old": { "command": "old" },
\t},
}
`,
      after: (configuration) => `${jsonEntry(configuration, '\t', '\t\t', { end: ',' })}\n`,
    },
  ],
  [
    'vscode',
    'with CRLF and a byte order mark',
    {
      file: '.config/Code/User/mcp.json',
      before: `${BYTE_ORDER_MARK}{
    "inputs": [{ "type": "promptString", "id": "key", "password": true }],
    "servers": {
        "memory": { "type": "stdio", "command": "npx", "args": ["-y", "memory"] }COMMA // mine
ENTRY    }
}
`.replaceAll('\n', '\r\n'),
      after: (configuration) =>
        `${jsonEntry(configuration, '    ', '        ', { start: ['"type": "stdio",'] })}\n`.replaceAll(
          '\n',
          '\r\n',
        ),
    },
  ],
  [
    'windsurf',
    'with three blanks, then two',
    {
      file: '.codeium/windsurf/mcp_config.json',
      before: `{
   "mcpServers": {
     "a": {
       "command": "a"
     }COMMA
ENTRY   }
}
`,
      after: (configuration) => `${jsonEntry(configuration, '   ', '     ')}\n`,
    },
  ],
  [
    'gemini',
    'into an object that only a comment is in',
    {
      file: '.gemini/settings.json',
      before: `{
  "theme": "GitHub", // light
  "mcpServers": { // none yet
ENTRY  }
}
`,
      after: (configuration) => `${jsonEntry(configuration, '  ', '    ')}\n`,
    },
  ],
  [
    'devin',
    'into one line',
    {
      file: '.config/devin/mcp_config.json',
      before: '{"mcpServers":{"a":{"serverUrl":"https://a.example/mcp"}COMMAENTRY}}',
      after: (configuration) =>
        `"steward": {"command":${JSON.stringify(process.execPath)},"args":[${JSON.stringify(MAIN)}],"env":{"STEWARD_CONFIG":${JSON.stringify(configuration)}}}`,
    },
  ],
  [
    'zed',
    'in its settings',
    {
      file: '.config/zed/settings.json',
      before: `// Zed settings
//
// For information on how to configure Zed, see the Zed documentation
{
  "theme": { "mode": "system", "light": "One Light" },
  "context_servers": {
    "local": { "command": "x", "args": [], "env": {} },
ENTRY  },
  "ui_font_size": 16,
}
`,
      after: (configuration) => `${jsonEntry(configuration, '  ', '    ', { end: ',' })}\n`,
    },
  ],
  [
    'codex',
    'at the end of its configuration',
    {
      file: '.codex/config.toml',
      before: `# Codex, mine
model = "gpt-5.5"   # the good one
notify = [
  "python3", # a script
  '/home/ann/.codex/notify.py',
]

[projects."/home/ann/shop"]
trust_level = "trusted"

# servers
[mcp_servers.github]
command = "docker" # has to run
env = { "GITHUB_TOKEN" = "ghp_secret" }

# the look
[tui]
theme = "dark"
# the end
ENTRY`,
      after: (configuration) => `
[mcp_servers.steward]
command = ${JSON.stringify(process.execPath)}
args = [${JSON.stringify(MAIN)}]
env = { STEWARD_CONFIG = ${JSON.stringify(configuration)} }
`,
    },
  ],
];

const fill = (text: string, entry: string) =>
  text.replace('COMMA', () => (entry === '' ? '' : ',')).replace('ENTRY', () => entry);

/** An entry that somebody has changed, of JSON texts. */
const jsonWithEntry = (command: string, args: string, variable: string) => `{
  "mcpServers": {
    "steward": {
      "disabled": true, // for now
      "command": ${command}, "args": ${args},
      "env": { "LOG_LEVEL": "debug", "STEWARD_CONFIG": ${variable} }
    }
  }
}
`;

describe('steward setup', () => {
  it.each(CASES)(
    'adds Steward to %s, %s, keeping every other character',
    async (client, _, { file, before, after }) => {
      const configuration = await putConfiguration();
      await put(file, fill(before, ''));
      const first = await setup(['--yes']);
      expect(first.stderr).toBe('');
      const servers = CLIENTS.find(({ id }) => id === client)?.servers;
      const command = `  + ${servers}.steward.command = ${JSON.stringify(process.execPath)}\n`;
      expect(first.stdout).toContain(command);
      expect(await read(file)).toBe(fill(before, after(configuration)));
      expect(first.code).toBe(0);

      const [backup = '', ...others] = await listBackups(file);
      expect(await read(backup)).toBe(fill(before, ''));
      expect(others).toEqual([]);

      const { mtimeMs } = await stat(at(file));
      const second = await setup([client, '--yes']);
      expect(second.stdout).toMatch(/: nothing to change in .*\n$/);
      expect({ code: second.code, mtimeMs: (await stat(at(file))).mtimeMs }).toEqual({ code: 0, mtimeMs });
      expect(await listBackups(file)).toHaveLength(1);

      const removed = await setup(['--remove', '--yes']);
      expect(removed.stdout).toMatch(/^ {2}- .*steward\.command = /m);
      expect(await read(file)).toBe(fill(before, ''));
      expect((await setup(['--remove', '--yes'])).stdout).toMatch(/: nothing to change in /);
    },
  );

  it('makes the file of a client that has none yet, or an empty one', async () => {
    await mkdir(at('.cursor'));
    await put('.codex/config.toml', '');
    await put('.config/Code/User/mcp.json', '\n');
    expect((await setup(['--yes'])).code).toBe(0);
    const entry = { command: process.execPath, args: [MAIN] };
    expect(JSON.parse(await read('.cursor/mcp.json'))).toEqual({ mcpServers: { steward: entry } });
    expect(JSON.parse(await read('.config/Code/User/mcp.json'))).toEqual({
      servers: { steward: { type: 'stdio', ...entry } },
    });
    expect(await read('.codex/config.toml')).toMatch(/^\[mcp_servers\.steward\]\ncommand = /);
    expect(await listBackups('.cursor/mcp.json')).toEqual([]);
  });

  it('writes an entry by which a client, in another folder, gets its answers', async () => {
    const { database, url } = await fillExample('shop');
    await put('.cursor/mcp.json', '{}');
    await put(
      'project/steward.config.json',
      JSON.stringify({
        databases: {
          shop: {
            schema: path.join(ROOT, 'examples', 'shop', 'schema.prisma'),
            url: 'env:SHOP_URL',
            models: { Order: { expose: true } },
          },
        },
      }),
    );
    await put('project/.env', `SHOP_URL=${url}\n`);
    await setup(['--yes']);
    const { mcpServers } = JSON.parse(await read('.cursor/mcp.json')) as {
      mcpServers: Record<string, { command: string; args: string[]; env: Record<string, string> }>;
    };
    const { command = '', args = [], env = {} } = mcpServers['steward'] ?? {};
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(
      new StdioClientTransport({
        command,
        args,
        env: bareEnvironment(env),
        cwd: os.tmpdir(),
        stderr: 'ignore',
      }),
    );
    try {
      const { content } = await client.callTool({ name: 'describe_models', arguments: {} });
      expect(JSON.stringify(content)).toContain('Order');
    } finally {
      await client.close();
      await database.drop();
    }
  });

  it('shows what it would change, and writes nothing unless it is told to', async () => {
    const configuration = await putConfiguration();
    await put('.cursor/mcp.json', '{}');
    for (const args of [[], ['--dry-run'], ['--dry-run', '--yes']]) {
      const { code, stdout } = await setup(args);
      expect(stdout.split('\n').slice(0, 7)).toEqual([
        `Serves what ${configuration} says.`,
        '',
        `Cursor: ${at('.cursor/mcp.json')}`,
        `  + mcpServers.steward.command = ${JSON.stringify(process.execPath)}`,
        `  + mcpServers.steward.args = [${JSON.stringify(MAIN)}]`,
        `  + mcpServers.steward.env.STEWARD_CONFIG = ${JSON.stringify(configuration)}`,
        '',
      ]);
      expect(stdout).toMatch(args.length === 0 ? /To write it: --yes\.\n$/ : /because of --dry-run\.\n$/);
      expect(code).toBe(0);
    }
    expect(await read('.cursor/mcp.json')).toBe('{}');
    expect(await readdir(at('.cursor'))).toEqual(['mcp.json']);
  });

  it('brings an entry up to date, and keeps what is not its own', async () => {
    const configuration = await putConfiguration();
    await put('.cursor/mcp.json', jsonWithEntry('"npx"', '["-y", "steward-mcp"]', '"/old.json"'));
    await put(
      '.codex/config.toml',
      '[mcp_servers.steward] # mine\ncommand = "npx" # old\nargs = []\n\n[mcp_servers.steward.env]\nLOG_LEVEL = "debug" # for now\n# the look\n[tui]\n',
    );
    const { stdout } = await setup(['--yes']);
    expect(stdout).toContain('  - mcpServers.steward.env.STEWARD_CONFIG = "/old.json"\n');
    const [command, script, variable] = [process.execPath, MAIN, configuration].map((one) =>
      JSON.stringify(one),
    );
    const json = (await read('.cursor/mcp.json')).replace(/\[[^\]]*\]/, `[${script}]`);
    expect(json).toBe(jsonWithEntry(`${command}`, `[${script}]`, `${variable}`));
    expect(await read('.codex/config.toml')).toBe(
      `[mcp_servers.steward] # mine\ncommand = ${command} # old\nargs = [${script}]\n\n[mcp_servers.steward.env]\nLOG_LEVEL = "debug" # for now\nSTEWARD_CONFIG = ${variable}\n# the look\n[tui]\n`,
    );

    await rm(configuration);
    await setup(['--yes']);
    for (const file of ['.cursor/mcp.json', '.codex/config.toml']) {
      expect(await read(file)).not.toContain('STEWARD_CONFIG');
      expect(await read(file)).toMatch(/LOG_LEVEL"?\s*[:=] "debug"/);
    }
    await setup(['--yes', '--remove']);
    expect(await read('.codex/config.toml')).toBe('# the look\n[tui]\n');
  });

  it.each([
    [
      'dotted keys',
      'mcp_servers.a.command = "a"\nmcp_servers.steward.command = "s"\n',
      /^mcp_servers\.a\.command = "a"\n$/,
    ],
    [
      'an inline table',
      '[mcp_servers]\na = { command = "a" }\nsteward = { command = "s" } # x\n',
      /^\[mcp_servers\]\na = { command = "a" }\n$/,
    ],
  ])('finds its entry in TOML as %s', async (_, before, without) => {
    const configuration = await putConfiguration();
    await put('.codex/config.toml', before);
    await setup(['--yes']);
    expect(await read('.codex/config.toml')).toContain(JSON.stringify(configuration));
    expect((await setup(['--yes'])).stdout).toContain('nothing to change');
    await setup(['--yes', '--remove']);
    expect(await read('.codex/config.toml')).toMatch(without);
  });

  it.each<[string, string, string | Buffer, RegExp]>([
    [
      'cut short',
      '.cursor/mcp.json',
      '{\n  "mcpServers": {\n',
      /BROKEN_FILE: .*mcp\.json: line 2, column 17: this is not valid JSON/,
    ],
    [
      'without a value at its end',
      '.cursor/mcp.json',
      '{\n  "mcpServers":\n',
      /BROKEN_FILE: .*: line 2, column 16: this is not valid JSON: it ends too early/,
    ],
    [
      'without a colon',
      '.cursor/mcp.json',
      '{\n  "mcpServers" {}\n}',
      /BROKEN_FILE: .*: line 2, column 16: this is not valid JSON/,
    ],
    [
      'with a comment that the client cannot read',
      '.config/Claude/claude_desktop_config.json',
      '{\n  // mine\n}',
      /BROKEN_FILE: .*: line 2, column 3: this is not valid JSON, without comments/,
    ],
    [
      'with a trailing comma that the client cannot read',
      '.claude.json',
      '{ "a": 1, }',
      /BROKEN_FILE: .*: line 1, column 11: /,
    ],
    [
      'of servers in a list',
      '.cursor/mcp.json',
      '{ "mcpServers": [] }',
      /BROKEN_FILE: .*: line 1, column 17: an object is expected/,
    ],
    ['of no object', '.cursor/mcp.json', '[]', /BROKEN_FILE: .*: line 1, column 1: an object is expected/],
    [
      'with its servers twice',
      '.cursor/mcp.json',
      '{ "mcpServers": {},\n"mcpServers": {} }',
      /BROKEN_FILE: .*: line 2, column 1: "mcpServers" is here a second time/,
    ],
    [
      'in UTF-16',
      '.cursor/mcp.json',
      Buffer.from('{}', 'utf16le').fill(0xff, 0, 1),
      /BROKEN_FILE: .*: this is not text in UTF-8/,
    ],
    [
      'of TOML without a value',
      '.codex/config.toml',
      'a = 1\nb = "unfinished\n',
      /BROKEN_FILE: .*: line 2, column \d+: this is not valid TOML/,
    ],
    [
      'of TOML with a table twice',
      '.codex/config.toml',
      '[tui]\n[tui]\n',
      /BROKEN_FILE: .*: line 2, column \d+: this is not valid TOML/,
    ],
    [
      'of TOML with servers that take no table',
      '.codex/config.toml',
      'mcp_servers = { a = { command = "a" } }\n',
      /NOT_WRITTEN: .*"mcp_servers" takes no table/,
    ],
    [
      'with an entry for a server elsewhere',
      '.cursor/mcp.json',
      '{ "mcpServers": { "steward": { "url": "https://ann:secret@example.com" } } }',
      /OTHER_ENTRY: .*give --name/,
    ],
  ])('leaves a file %s as it is, and does the others', async (_, file, content, message) => {
    await put(file, content);
    await put('.gemini/settings.json', '{}');
    const { code, stderr } = await setup(['--yes']);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/secret|unfinished/);
    expect(await readFile(at(file))).toEqual(Buffer.from(content));
    expect(await listBackups(file)).toEqual([]);
    expect(await read('.gemini/settings.json')).toContain('steward');
    expect(code).toBe(1);
  });

  it('keeps links, and the rights of a file, also in its copy', async () => {
    await put('dotfiles/mcp.json', '{}');
    await chmod(at('dotfiles/mcp.json'), 0o600);
    await mkdir(at('.cursor'));
    await symlink('../dotfiles/mcp.json', at('.cursor/mcp.json'));
    await setup(['--yes']);
    expect((await lstat(at('.cursor/mcp.json'))).isSymbolicLink()).toBe(true);
    expect(await read('dotfiles/mcp.json')).toContain('steward');
    expect(await readdir(at('dotfiles'))).toEqual(['mcp.json']);
    const [backup = ''] = await listBackups('.cursor/mcp.json');
    for (const file of ['dotfiles/mcp.json', backup]) expect((await stat(at(file))).mode & 0o777).toBe(0o600);

    await rm(at('dotfiles/mcp.json'));
    expect((await setup(['--yes'])).stderr).toMatch(/NOT_READ: .*this is a link to a file that is not there/);
    expect((await lstat(at('.cursor/mcp.json'))).isSymbolicLink()).toBe(true);
  });

  it('loses nothing where several write at once', async () => {
    await put('.cursor/mcp.json', '{ "mcpServers": { "a": { "command": "a" } } }');
    await mkdir(at('.codex'));
    const names = ['one', 'two', 'three', 'four'];
    const runs = await Promise.all(names.map((name) => setup(['--yes', '--name', name])));
    expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      names.map(() => ({ code: 0, stderr: '' })),
    );
    const { mcpServers } = JSON.parse(await read('.cursor/mcp.json')) as { mcpServers: object };
    expect(Object.keys(mcpServers).toSorted()).toEqual(['a', ...names].toSorted());
    expect((await read('.codex/config.toml')).match(/^\[mcp_servers\.\w+\]$/gm)).toHaveLength(names.length);
    expect(existsSync(at('.cursor/mcp.json.lock'))).toBe(false);
  });

  it('is not kept out by the lock of somebody who died', async () => {
    await put('.cursor/mcp.json', '{}');
    await mkdir(at('.cursor/mcp.json.lock'));
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(at('.cursor/mcp.json.lock'), longAgo, longAgo);
    await setup(['--yes']);
    expect(await read('.cursor/mcp.json')).toContain('steward');
    expect(existsSync(at('.cursor/mcp.json.lock'))).toBe(false);
  });

  it('takes the clients that are named, and the name of the server', async () => {
    for (const file of ['.cursor/mcp.json', '.gemini/settings.json']) await put(file, '{}');
    await setup(['gemini', '--yes', '--name', 'shop']);
    expect(await read('.cursor/mcp.json')).toBe('{}');
    expect(JSON.parse(await read('.gemini/settings.json'))).toHaveProperty('mcpServers.shop.command');
    const answers = await Promise.all([
      setup(['cursr']),
      setup(['zed', 'cursor', '--yes']),
      setup(['--name', 'my shop']),
      setup([], { HOME: at('nobody') }),
    ]);
    expect(answers.map(({ stderr }) => stderr)).toEqual([
      expect.stringMatching(/^There is no client 'cursr'\. Did you mean 'cursor'\?/),
      'Not found on this machine: Zed. Start it once, and run this again.\n',
      '--name takes letters, digits, _ and -, as clients do.\n',
      expect.stringMatching(/^No client was found on this machine, of Claude Desktop, /),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
    expect(await read('.cursor/mcp.json')).toBe('{}');
  });

  it('writes no address of a database, and says where it belongs', async () => {
    const DATABASE_URL = 'postgresql://ann:hunter2@127.0.0.1:1/shop';
    await put('.cursor/mcp.json', '{}');
    const directory = await setup(['--yes'], { DATABASE_URL });
    expect(directory.stderr).toMatch(
      /^DATABASE_URL is set, but a client would start Steward without it, .*steward init/,
    );
    expect(directory.code).toBe(1);
    expect(await read('.cursor/mcp.json')).toBe('{}');

    await put('project/steward.config.json', '{ "directory": { "url": "env:DATABASE_URL" } }');
    const configured = await setup(['--yes'], { DATABASE_URL });
    expect(configured.stdout).toContain(
      `DATABASE_URL is set in this shell, and a client starts Steward without it. Put it into ${at('project/.env')}`,
    );
    expect(await read('.cursor/mcp.json')).toContain('STEWARD_CONFIG');
    await put('project/.env', `DATABASE_URL=${DATABASE_URL}\n`);
    const kept = await setup(['--yes', '--name', 'second'], { DATABASE_URL });
    expect(kept.stdout).not.toContain('is set in this shell');
    const all = [directory, configured, kept].map(({ stdout, stderr }) => stdout + stderr).join('');
    expect(all + (await read('.cursor/mcp.json'))).not.toContain('hunter2');
  });

  it('shows no password of an entry that it takes out', async () => {
    await put(
      '.cursor/mcp.json',
      '{ "mcpServers": { "steward": { "command": "npx", "env": { "DATABASE_URL": "hunter2" } }, "b": { "command": "b", "env": { "KEY": "hunter2" } } } }',
    );
    const { stdout } = await setup(['--remove', '--dry-run']);
    expect(stdout).toContain('  - mcpServers.steward.env.DATABASE_URL = …\n');
    expect(stdout).not.toContain('hunter2');
  });

  it.each([
    ['serverUrl', 'https://ann:hunter2@example.com/mcp'],
    ['httpUrl', 'https://example.com/mcp?key=hunter2'],
    ['args', ['-y', 'mcp-remote', '--header', 'Authorization: Bearer hunter2']],
  ])('shows no password in "%s" of an entry that it changes or takes out', async (key, value) => {
    const configuration = await putConfiguration();
    const entry = { command: 'npx', args: [], env: { STEWARD_CONFIG: '/old.json' }, [key]: value };
    await put('.cursor/mcp.json', JSON.stringify({ mcpServers: { steward: entry } }));
    const removed = await setup(['--remove', '--dry-run']);
    for (const line of ['command = "npx"', `${key} = …`, 'env.STEWARD_CONFIG = "/old.json"'])
      expect(removed.stdout).toContain(`  - mcpServers.steward.${line}\n`);
    const changed = await setup(['--dry-run']);
    const lines = changed.stdout.split('\n').filter((line) => /^ {2}[-+] /.test(line));
    expect(lines).toEqual([
      '  - mcpServers.steward.command = "npx"',
      '  - mcpServers.steward.args = …',
      '  - mcpServers.steward.env.STEWARD_CONFIG = "/old.json"',
      `  + mcpServers.steward.command = ${JSON.stringify(process.execPath)}`,
      `  + mcpServers.steward.args = [${JSON.stringify(MAIN)}]`,
      `  + mcpServers.steward.env.STEWARD_CONFIG = ${JSON.stringify(configuration)}`,
    ]);
    expect(removed.stdout + changed.stdout).not.toContain('hunter2');
  });

  it('refuses a configuration that is not there or cannot be read, before it asks', async () => {
    await put('.cursor/mcp.json', '{}');
    const missing = await setup(['--yes'], { STEWARD_CONFIG: at('missing.json') });
    expect(missing.stderr).toBe(`There is no ${at('missing.json')}.\n`);
    await put('project/steward.config.json', '{ "databases" }');
    const broken = await setup(['--yes']);
    expect(broken.stderr).toMatch(/cannot be read: it is not valid JSON \(line 1, column 15\)/);
    expect(await read('.cursor/mcp.json')).toBe('{}');
  });
});

describe('the file of a client', () => {
  const WINDOWS: Machine = {
    platform: 'win32',
    home: 'C:\\Users\\ann',
    environment: { APPDATA: 'D:\\Roaming', LOCALAPPDATA: 'D:\\Local' },
  };
  const MAC: Machine = {
    platform: 'darwin',
    home: '/Users/ann',
    environment: { XDG_CONFIG_HOME: '/elsewhere' },
  };
  const LINUX: Machine = {
    platform: 'linux',
    home: '/home/ann',
    environment: { XDG_CONFIG_HOME: '/home/ann/etc' },
  };
  const APPLICATIONS = '/Users/ann/Library/Application Support';
  const PACKAGED = 'Packages\\Claude_pzs8sxrjxfjjc\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json';

  it.each<[client: string, windows: string[], mac: string, linux: string]>([
    [
      'claude-desktop',
      [`D:\\Local\\${PACKAGED}`, 'D:\\Roaming\\Claude\\claude_desktop_config.json'],
      `${APPLICATIONS}/Claude/claude_desktop_config.json`,
      '/home/ann/etc/Claude/claude_desktop_config.json',
    ],
    ['claude-code', ['C:\\Users\\ann\\.claude.json'], '/Users/ann/.claude.json', '/home/ann/.claude.json'],
    [
      'cursor',
      ['C:\\Users\\ann\\.cursor\\mcp.json'],
      '/Users/ann/.cursor/mcp.json',
      '/home/ann/.cursor/mcp.json',
    ],
    [
      'vscode',
      ['D:\\Roaming\\Code\\User\\mcp.json'],
      `${APPLICATIONS}/Code/User/mcp.json`,
      '/home/ann/etc/Code/User/mcp.json',
    ],
    [
      'vscode-insiders',
      ['D:\\Roaming\\Code - Insiders\\User\\mcp.json'],
      `${APPLICATIONS}/Code - Insiders/User/mcp.json`,
      '/home/ann/etc/Code - Insiders/User/mcp.json',
    ],
    [
      'windsurf',
      ['C:\\Users\\ann\\.codeium\\windsurf\\mcp_config.json'],
      '/Users/ann/.codeium/windsurf/mcp_config.json',
      '/home/ann/.codeium/windsurf/mcp_config.json',
    ],
    [
      'devin',
      ['D:\\Roaming\\devin\\mcp_config.json'],
      '/Users/ann/.config/devin/mcp_config.json',
      '/home/ann/etc/devin/mcp_config.json',
    ],
    [
      'gemini',
      ['C:\\Users\\ann\\.gemini\\settings.json'],
      '/Users/ann/.gemini/settings.json',
      '/home/ann/.gemini/settings.json',
    ],
    [
      'codex',
      ['C:\\Users\\ann\\.codex\\config.toml'],
      '/Users/ann/.codex/config.toml',
      '/home/ann/.codex/config.toml',
    ],
    [
      'zed',
      ['D:\\Roaming\\zed\\settings.json'],
      '/Users/ann/.config/zed/settings.json',
      '/home/ann/etc/zed/settings.json',
    ],
  ])('%s is where each system has it', (id, windows, mac, linux) => {
    const client = CLIENTS.find((one) => one.id === id);
    const files = [WINDOWS, MAC, LINUX].map(
      (machine) => client && listPlaces(client, machine).map(({ file }) => file),
    );
    expect(files).toEqual([windows, [mac], [linux]]);
  });

  it('is where a variable says, for those who have one', async () => {
    const environment = { HOME: home, CLAUDE_CONFIG_DIR: at('own-claude'), CODEX_HOME: at('own-codex') };
    await mkdir(at('own-claude'));
    await put('own-codex/config.toml', '');
    await mkdir(at('.claude'));
    await setup(['--yes'], environment);
    expect(await read('own-claude/.claude.json')).toContain('steward');
    expect(await read('own-codex/config.toml')).toContain('steward');
    expect(existsSync(at('.claude.json'))).toBe(false);
  });

  it('says of Claude Code that it is there also before it has one', async () => {
    expect((await setup(['--yes'])).stderr).toMatch(/^No client was found on this machine/);
    await mkdir(at('.claude'));
    await setup(['--yes']);
    expect(JSON.parse(await read('.claude.json'))).toHaveProperty('mcpServers.steward.type', 'stdio');
  });
});

const terminal = (args: string[], ...typed: Parameters<typeof atTerminal>[2]) =>
  atTerminal(project, args, typed, { HOME: home });

(process.platform === 'linux' ? describe : describe.skip)('at a terminal (on Linux)', () => {
  const WHICH = /Add Steward to which clients\?/;

  beforeEach(async () => {
    await put('.cursor/mcp.json', '{}');
    await put('.gemini/settings.json', '{}');
  });

  it('steward setup asks which clients to change', async () => {
    const left = await terminal(['setup'], [WHICH, CTRL_C]);
    expect(left.screen).toMatch(/Ended\. No client was changed\./);
    expect(left.code).toBe(1);
    expect(await read('.cursor/mcp.json')).toBe('{}');
    // All are chosen; a blank takes the first one out.
    const { code } = await terminal(['setup'], [WHICH, ' '], [/◻ Cursor/, '\r']);
    expect(await read('.cursor/mcp.json')).toBe('{}');
    expect(await read('.gemini/settings.json')).toContain('steward');
    expect(code).toBe(0);
  });

  it('steward setup keeps what a client writes while it asks, and does not write over another entry', async () => {
    const add = (server: string) => () =>
      writeFileSync(at('.cursor/mcp.json'), `{ "mcpServers": { "${server}": { "command": "x" } } }`);
    const other = await terminal(['setup', 'cursor'], [WHICH, '\r', add('other')]);
    expect(other.code).toBe(0);
    expect(JSON.parse(await read('.cursor/mcp.json'))).toMatchObject({
      mcpServers: { other: { command: 'x' }, steward: {} },
    });
    await put('.cursor/mcp.json', '{}');
    const same = await terminal(['setup', 'cursor'], [WHICH, '\r', add('steward')]);
    expect(same.screen).toMatch(/CHANGED: .*another program changed this entry meanwhile/s);
    expect(same.code).toBe(1);
    expect(readFileSync(at('.cursor/mcp.json'), 'utf8')).toBe(
      '{ "mcpServers": { "steward": { "command": "x" } } }',
    );
  });

  it('steward init ends by offering it, where there is a client', async () => {
    const { database, url } = await fillExample('shop');
    try {
      await put('project/schema.prisma', readFileSync(path.join(ROOT, 'examples', 'shop', 'schema.prisma')));
      await put('project/.env', `DATABASE_URL=${url}\n`);
      const offer = /Add it to the clients on this machine\?/;
      const refused = await terminal(['init', '--expose', 'Order'], [offer, 'n']);
      expect(refused.code).toBe(0);
      expect(await read('.cursor/mcp.json')).toBe('{}');
      await rm(at('project/steward.config.json'));
      await terminal(['init', '--expose', 'Order'], [offer, '\r'], [WHICH, '\r']);
      for (const file of ['.cursor/mcp.json', '.gemini/settings.json'])
        expect(await read(file)).toContain(JSON.stringify(at('project/steward.config.json')));

      await rm(at('project/steward.config.json'));
      await rm(at('project/.env'));
      const inShell = { HOME: home, DATABASE_URL: url };
      const init = ['init', '--expose', 'Order'];
      await put('.cursor/mcp.json', '{}');
      const { screen } = await atTerminal(
        project,
        init,
        [
          [offer, '\r'],
          [WHICH, '\r'],
        ],
        inShell,
      );
      expect(screen.match(/DATABASE_URL is set in this shell/g)).toHaveLength(1);
      expect(await read('.cursor/mcp.json')).toContain('STEWARD_CONFIG');

      await rm(at('project/steward.config.json'));
      await put('project/.env', `DATABASE_URL=${url}\n`);
      const piped = await run([MAIN, 'init', '--expose', 'Order'], { HOME: home }, project);
      expect(piped.code).toBe(0);
      expect(piped.stdout).not.toMatch(offer);
    } finally {
      await database.drop();
    }
  });
});
