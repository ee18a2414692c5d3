// `steward http`, with the domain of the suite instead of the staff directory. Nothing else of it is replaced.
import { composeConfigured } from '../../build/commands/compose.js';
import { serveHttp } from '../../build/commands/serve-http.js';
import { suiteDomain } from './catalogue.mjs';

await serveHttp((options) => ({ ...composeConfigured(options), domains: [suiteDomain] }));
