// The manifest of the bundle for Claude Desktop (MCPB 0.3): what it shows of Steward, asks for, and starts.
import { directory, firstSentence } from '../unopened-directory.mjs';

/**
 * The fields that Claude Desktop shows, by the variable that each fills. All have a default: what has none arrives as the
 * words `${user_config.…}` where it is left blank. Steward takes those words for nothing, too.
 */
const FIELDS = {
  STEWARD_CONFIG: {
    type: 'file',
    title: 'Configuration file',
    description:
      'A steward.config.json, which says what of your databases can be read. Without it and without a Prisma schema, a staff directory to try is served.',
    default: '',
  },
  STEWARD_SCHEMA_FILE: {
    type: 'file',
    title: 'Prisma schema',
    description:
      'Instead of a configuration file: a schema.prisma whose marks (/// @mcp.expose) say what can be read. It needs the address of its database.',
    default: '',
  },
  DATABASE_URL: {
    type: 'string',
    title: 'Database address',
    description:
      'postgresql://user:password@host:5432/name, of a PostgreSQL server. Without it the staff directory has a database of its own on this machine.',
    sensitive: true,
    default: '',
  },
  READ_ONLY: {
    type: 'boolean',
    title: 'Read only',
    description: 'Leaves out every tool that changes something.',
    default: false,
  },
  STEWARD_CALLER: {
    type: 'string',
    title: 'Your name',
    description: 'Whom the log and the record of changes name. Without it: the name of your account.',
    default: '',
  },
};

/** @param {string} variable */
const fieldOf = (variable) => variable.toLowerCase().replace(/^steward_/, '');

/**
 * @param {{ name: string, version: string, description: string, keywords: string[], license: string, engines: { node: string } }} pack
 * of package.json
 * @param {{ entry: string, icon: string }} files in the bundle
 */
export async function makeManifest({ name, version, description, keywords, license, engines }, files) {
  const fields = Object.entries(FIELDS);
  return {
    manifest_version: '0.3',
    name,
    display_name: 'Steward',
    version,
    description,
    author: { name: 'The Steward authors' },
    icon: files.icon,
    server: {
      type: 'node',
      entry_point: files.entry,
      mcp_config: {
        command: 'node',
        args: [`\${__dirname}/${files.entry}`],
        env: Object.fromEntries(
          fields.map(([variable]) => [variable, `\${user_config.${fieldOf(variable)}}`]),
        ),
      },
    },
    tools: directory.tools.map((tool) => ({
      name: tool.name,
      description: firstSentence(tool.description),
    })),
    prompts: await Promise.all(directory.prompts.map(describePrompt)),
    // Those above are the staff directory's. A configuration or a schema brings others instead, or besides.
    tools_generated: true,
    prompts_generated: true,
    keywords,
    license,
    compatibility: {
      // The embedded database needs Unix sockets, and nothing of Steward was tried on Windows.
      platforms: ['darwin', 'linux'],
      runtimes: { node: engines.node },
    },
    user_config: Object.fromEntries(fields.map(([variable, field]) => [fieldOf(variable), field])),
  };
}

/** Its text is what the server would answer, with places for what it is asked for. @param {(typeof directory.prompts)[number]} prompt */
async function describePrompt({ name, description, arguments: input, render }) {
  const names = Object.keys(input.shape);
  const given = Object.fromEntries(names.map((argument) => [argument, `\${arguments.${argument}}`]));
  const services = {
    departments: { find: async (/** @type {string} */ department) => ({ name: department }) },
  };
  return {
    name,
    description,
    arguments: names,
    text: await render(given, /** @type {any} */ ({}), services),
  };
}
