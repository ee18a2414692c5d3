import { DIRECTORY_SETTINGS } from '../directory/settings.js';
import { loadConfig, loadHttpConfig } from '../settings/config.js';

/** The settings of the domains, beside those of the floors. */
export const DOMAIN_SETTINGS = { ...DIRECTORY_SETTINGS };

/** The settings of this process. @throws OperatorError */
export const readConfig = () => loadConfig(DOMAIN_SETTINGS);

/** As readConfig, with what only the HTTP server needs to be right. @throws OperatorError */
export const readHttpConfig = () => loadHttpConfig(DOMAIN_SETTINGS);
