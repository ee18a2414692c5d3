/** A client of MCP, and how it keeps its servers. */
export interface Client {
  /** How a person names it to `steward setup`. */
  id: string;
  name: string;
  /** What the client itself can read: a comment in a file of strict JSON would cost it all of its servers. */
  format: 'json' | 'jsonc' | 'toml';
  /** The key of the file under which servers stand by name. */
  servers: string;
  /** What an entry has besides command, arguments and environment. */
  extra?: Readonly<Record<string, string>>;
  /** Where its file may be, the likeliest first. */
  places: readonly PlaceRule[];
}

export interface PlaceRule {
  /** A folder that each system has elsewhere, or that a variable names. */
  from: 'home' | 'applications' | 'config' | 'localApplications' | 'CLAUDE_CONFIG_DIR' | 'CODEX_HOME';
  file: string;
  /** What is there if the client is; by default the file's folder. */
  sign?: string;
}

/** The user's own files of each client. Those of a project are left to the project. */
export const CLIENTS: readonly Client[] = [
  {
    id: 'claude-desktop',
    name: 'Claude Desktop',
    format: 'json',
    servers: 'mcpServers',
    places: [
      // Windows shows a packaged application a copy of the folder of applications that no other one sees.
      {
        from: 'localApplications',
        file: 'Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json',
      },
      { from: 'applications', file: 'Claude/claude_desktop_config.json' },
    ],
  },
  {
    id: 'claude-code',
    name: 'Claude Code',
    format: 'json',
    servers: 'mcpServers',
    extra: { type: 'stdio' },
    places: [
      { from: 'CLAUDE_CONFIG_DIR', file: '.claude.json' },
      { from: 'home', file: '.claude.json', sign: '.claude' },
    ],
  },
  {
    id: 'cursor',
    name: 'Cursor',
    format: 'jsonc',
    servers: 'mcpServers',
    places: [{ from: 'home', file: '.cursor/mcp.json' }],
  },
  {
    id: 'vscode',
    name: 'VS Code',
    format: 'jsonc',
    servers: 'servers',
    extra: { type: 'stdio' },
    places: [{ from: 'applications', file: 'Code/User/mcp.json' }],
  },
  {
    id: 'vscode-insiders',
    name: 'VS Code Insiders',
    format: 'jsonc',
    servers: 'servers',
    extra: { type: 'stdio' },
    places: [{ from: 'applications', file: 'Code - Insiders/User/mcp.json' }],
  },
  {
    id: 'windsurf',
    name: 'Windsurf',
    format: 'jsonc',
    servers: 'mcpServers',
    places: [{ from: 'home', file: '.codeium/windsurf/mcp_config.json' }],
  },
  {
    // What Windsurf became. Its command line has the same folder, and another file.
    id: 'devin',
    name: 'Devin Desktop',
    format: 'jsonc',
    servers: 'mcpServers',
    places: [{ from: 'config', file: 'devin/mcp_config.json', sign: 'devin/mcp_config.json' }],
  },
  {
    id: 'gemini',
    name: 'Gemini CLI',
    format: 'jsonc',
    servers: 'mcpServers',
    places: [{ from: 'home', file: '.gemini/settings.json' }],
  },
  {
    id: 'codex',
    name: 'Codex CLI',
    format: 'toml',
    servers: 'mcp_servers',
    places: [
      { from: 'CODEX_HOME', file: 'config.toml' },
      { from: 'home', file: '.codex/config.toml' },
    ],
  },
  {
    id: 'zed',
    name: 'Zed',
    format: 'jsonc',
    servers: 'context_servers',
    places: [{ from: 'config', file: 'zed/settings.json' }],
  },
];
