// `steward http`, or with the argument stdio `steward`, with the domain of the suite instead of the staff directory. Nothing else
// of it is replaced.
import { composeConfigured } from '../../build/commands/compose.js';
import { serveHttp } from '../../build/commands/serve-http.js';
import { serveStdio } from '../../build/commands/serve-stdio.js';
import { suiteDomain } from './catalogue.mjs';

const serve = process.argv[2] === 'stdio' ? serveStdio : serveHttp;
await serve((options) => ({ ...composeConfigured(options), domains: [suiteDomain] }));
