// The page that shows a tool's answer in clients with MCP Apps: a chart of its groups, and its table. It asks nobody but the
// client for anything.
import { readAnswer, type FileLink } from './answer.js';
import { makeChart } from './chart.js';
import { element } from './element.js';
import { Host } from './host.js';
import { makeTable } from './table.js';

/** Of MCP Apps. */
const PROTOCOL_VERSION = '2026-01-26';

type Members = Record<string, unknown>;

const main = document.querySelector('main') as HTMLElement;
const root = document.documentElement;
let abilities: Members = {};

const host = new Host({
  'ui/notifications/tool-result': show,
  'ui/notifications/tool-cancelled': () => main.replaceChildren('The call was cancelled.'),
  'ui/notifications/host-context-changed': applyContext,
  ping: () => {},
  // There is nothing to save.
  'ui/resource-teardown': () => {},
});

const { hostCapabilities, hostContext } = await host.request('ui/initialize', {
  appInfo: { name: 'steward', title: 'Steward', version: '1' },
  appCapabilities: { availableDisplayModes: ['inline', 'fullscreen'] },
  protocolVersion: PROTOCOL_VERSION,
});
abilities = Object(hostCapabilities) as Members;
applyContext(Object(hostContext) as Members);
new ResizeObserver(() => {
  const { width, height } = root.getBoundingClientRect();
  host.notify('ui/notifications/size-changed', { width: Math.ceil(width), height: Math.ceil(height) });
}).observe(root);
host.notify('ui/notifications/initialized');

/** The client's theme, and its colours and fonts where it has any; else the theme of the system holds. */
function applyContext({ theme, styles }: Members): void {
  if (theme === 'dark' || theme === 'light') root.style.colorScheme = theme;
  const { variables } = Object(styles) as Members;
  for (const [name, value] of Object.entries(Object(variables) as Members))
    if (name.startsWith('--')) root.style.setProperty(name, String(value));
}

function show(result: Members): void {
  const { table, notes, more, chart, csv, text } = readAnswer(result);
  main.replaceChildren(
    ...notes.map((note) => element('p', { class: 'note' }, note)),
    ...(table && chart && table.rows.length > 1 ? [makeChart(table, chart)] : []),
    ...(table ? [makeTable(table)] : [element('pre', {}, text)]),
    ...(more ? [element('p', { class: 'note' }, 'There is more than this table shows.')] : []),
    ...(csv && abilities['downloadFile'] && abilities['serverResources'] ? [makeSaving(csv)] : []),
  );
}

/** The client reads the file, as the caller, and saves it: a page in a sandbox may do neither. */
function makeSaving({ uri, name }: FileLink): HTMLElement {
  const button = element('button', { type: 'button', class: 'save' }, 'Save as CSV');
  const outcome = element('span', { role: 'status' });
  button.addEventListener('click', () => {
    outcome.textContent = '';
    save(uri, name).catch((error: Error) => (outcome.textContent = error.message));
  });
  return element('p', {}, button, ' ', outcome);
}

async function save(uri: string, name: string): Promise<void> {
  const { contents } = await host.request('resources/read', { uri });
  const [{ text, mimeType }] = contents as [Members];
  const resource = { uri: `file:///${name}`, mimeType, text };
  const { isError } = await host.request('ui/download-file', { contents: [{ type: 'resource', resource }] });
  if (isError === true) throw new Error('It was not saved.');
}
