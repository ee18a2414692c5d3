// @ts-nocheck It runs in a browser, whose types the other tests must not see.
// A client with MCP Apps, as small as one can be: it shows one page in a sandbox, and lets the test do what it is asked for.
import { AppBridge, PostMessageTransport } from '@modelcontextprotocol/ext-apps/app-bridge';

let bridge;
let frame;

globalThis.show = async ({ html, result, hostContext, abilities }) => {
  frame = document.createElement('iframe');
  frame.sandbox = 'allow-scripts';
  frame.style.width = '800px';
  document.body.replaceChildren(frame);
  bridge = new AppBridge(null, { name: 'tests', version: '1' }, abilities, { hostContext });
  bridge.onreadresource = ({ uri }) => globalThis.readResource(uri);
  bridge.ondownloadfile = ({ contents }) => globalThis.saveFile(contents);
  bridge.onsizechange = ({ height }) => (frame.style.height = `${height}px`);
  const initialized = new Promise((resolve) => (bridge.oninitialized = resolve));
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  frame.srcdoc = html;
  await initialized;
  await bridge.sendToolInput({ arguments: {} });
  await bridge.sendToolResult(result);
};

globalThis.changeContext = (hostContext) => bridge.setHostContext(hostContext);

/** The page's answer to a request. */
globalThis.request = (method) =>
  new Promise((resolve) => {
    const id = `to ${method}`;
    window.addEventListener('message', ({ data }) => data.id === id && resolve(data));
    frame.contentWindow.postMessage({ jsonrpc: '2.0', id, method, params: {} }, '*');
  });
