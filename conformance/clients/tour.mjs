// The same tour of Steward with every client, on a Node that all of them run on: run.mjs says where, and reads what comes of it.
import { json } from 'node:stream/consumers';
import { CHOSEN, openAiSdk, openLangChain, openSdk, openSdk2, SDK_1 } from './libraries.mjs';
import { openInspector, openMcporter, openMcpRemote } from './programs.mjs';

/**
 * Where Steward is, over stdio or over HTTP, and a folder of the client's own.
 * @typedef {object} Place
 * @property {string[]} [command]
 * @property {Record<string, string>} [env]
 * @property {string} [url]
 * @property {{ callback: string }} [login] whether a log-in is needed, and where the client may wait for the browser
 * @property {string} home
 */

/**
 * A client that got in. Errors of a tool are its text.
 * @typedef {object} Session
 * @property {() => Promise<string[]>} tools
 * @property {(name: string, args: Record<string, unknown>) => Promise<string>} call
 * @property {() => Promise<string[]>} resources
 * @property {(uri: string) => Promise<string>} read
 * @property {() => Promise<void>} close
 */

/** @typedef {{ client: string, place: Place, caller: string, inspector: string, id: string }} Assignment */

/** @type {Record<string, (assignment: Assignment) => Promise<Session>>} */
const CLIENTS = {
  'SDK 1': ({ place }) => openSdk(place, SDK_1),
  'SDK 2': ({ place }) => openSdk2('legacy')(place),
  'SDK 2, auto': ({ place }) => openSdk2('auto')(place),
  'SDK 2, pin': ({ place }) => openSdk2({ pin: '2026-07-28' })(place),
  'AI SDK': ({ place }) => openAiSdk(place),
  LangChain: ({ place }) => openLangChain(place),
  'mcp-remote': ({ place }) => openMcpRemote([])(place),
  'mcp-remote, auto': ({ place }) => openMcpRemote(['--protocol', 'auto'])(place),
  mcporter: ({ place }) => openMcporter(place),
  inspector: ({ place, inspector }) => openInspector(inspector)(place),
};

/** Those that fill in a form, and the department in which Steward creates a user of whom the call says none. */
const FILLS_FORMS = ['SDK 2, auto', 'SDK 2, pin'];
const departmentFor = (/** @type {string} */ client) => (FILLS_FORMS.includes(client) ? CHOSEN : 'General');

const LONGEST_COMPLAINT = 600;
const DEPARTMENTS = 'directory://departments';

const ADAS_ORDERS = {
  model: 'Order',
  filter: "customer.name = 'Ada Lind'",
  fields: 'id, status',
  include: 'items(qty, product.name)',
};
const SUMS = { model: 'Order', metrics: 'count, sum(total)', group_by: 'customer.country' };
const HIDDEN = { model: 'Customer', filter: 'passwordHash starts with a' };

/**
 * All at once, as clients of models ask.
 * @param {Session} session
 * @param {Assignment} assignment
 * @returns {Promise<string[]>} what is wrong
 */
async function tour({ tools, call, resources, read }, { client, caller, id }) {
  /** @type {string[]} */
  const wrong = [];
  const expectIn = async (
    /** @type {string} */ step,
    /** @type {Promise<string | string[]>} */ answer,
    /** @type {string[]} */ ...wanted
  ) => {
    const got = await answer.catch((error) => `${error}`);
    const missing = wanted.filter((part) => !got.includes(part));
    if (missing.length > 0)
      wrong.push(`${step} lacks ${missing.join(', ')}: ${JSON.stringify(got).slice(0, LONGEST_COMPLAINT)}`);
  };
  const change = async () => {
    await expectIn('set_user_role', call('set_user_role', { user_id: 1, role: id }), id);
    await expectIn('get_user_history', call('get_user_history', { user_id: 1, limit: 1 }), id, caller);
  };
  await Promise.all([
    expectIn(
      'The list of tools',
      tools(),
      'find_users',
      'set_user_role',
      'find_records',
      'aggregate_records',
    ),
    expectIn('find_users', call('find_users', { department: 'Engineering', limit: 2 }), 'Engineering'),
    change(),
    expectIn(
      'create_user without a department',
      call('create_user', { username: id, email: `${id}@example.com` }),
      departmentFor(client),
    ),
    expectIn('find_records', call('find_records', ADAS_ORDERS), 'Rooibos, small'),
    expectIn('aggregate_records', call('aggregate_records', SUMS), 'DE'),
    expectIn('find_records on what is hidden', call('find_records', HIDDEN), 'VALIDATION'),
    expectIn('The list of resources', resources(), DEPARTMENTS),
    expectIn('The resource', read(DEPARTMENTS), 'Engineering'),
  ]);
  return wrong;
}

/** @param {Assignment} assignment */
async function carryOut(assignment) {
  const open = CLIENTS[assignment.client];
  if (!open) return [`There is no client ${assignment.client}.`];
  try {
    const session = await open(assignment);
    const wrong = await tour(session, assignment);
    await session.close();
    return wrong;
  } catch (error) {
    return [String(error)];
  }
}

const assignment = /** @type {Assignment} */ (await json(process.stdin));
process.stdout.write(JSON.stringify(await carryOut(assignment)));
process.exit();
