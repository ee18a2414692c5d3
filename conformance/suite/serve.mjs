// `steward http`, on the catalogue of the suite instead of the staff directory. Nothing else of it is replaced.
import { serveHttp } from '../../build/commands/serve-http.js';
import { suiteCatalogue } from './catalogue.mjs';

await serveHttp(suiteCatalogue);
