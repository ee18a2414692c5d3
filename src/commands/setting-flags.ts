import { Option, type Command } from 'commander';
import { ENVIRONMENT } from '../settings/environment.js';
import { overrideVariable } from '../settings/sources.js';
import { DOMAIN_SETTINGS } from './read-config.js';

/** Every user of a machine can read command lines: what may hold a password is no flag. */
const SECRET = /(_URL|_PASSWORD|_SECRET|_TOKEN|_ENDPOINT)$/;
/** These URLs hold none. */
const PLAIN = /^(PUBLIC_URL|AUTH_JWKS_URL)$/;

/** Their flags take no value. */
const SWITCHES = new Set(['READ_ONLY', 'CONFIRM_WRITES']);

/** The flag of a setting: HTTP_PORT is `--http-port`, STEWARD_DATA_DIR is `--data-dir`. */
export function flagOf(variable: string): string | undefined {
  if (SECRET.test(variable) && !PLAIN.test(variable)) return undefined;
  return `--${variable
    .replace(/^STEWARD_/, '')
    .toLowerCase()
    .replaceAll('_', '-')}`;
}

/** Lets each setting be given as a flag, which is stronger than the environment: it takes the variable's place there. */
export function addSettingFlags(program: Command): void {
  const variables = new Map<string, string>();
  for (const [variable, { description = '' }] of Object.entries({
    ...ENVIRONMENT.shape,
    ...DOMAIN_SETTINGS,
  })) {
    const flag = flagOf(variable);
    if (flag === undefined) continue;
    const option = new Option(SWITCHES.has(variable) ? flag : `${flag} <value>`, description).hideHelp(
      variable !== 'STEWARD_CONFIG',
    );
    program.addOption(option);
    variables.set(option.attributeName(), variable);
  }
  program.hook('preAction', () => {
    for (const [attribute, value] of Object.entries(program.opts<Record<string, string | true>>())) {
      const variable = variables.get(attribute);
      if (variable !== undefined) overrideVariable(variable, String(value));
    }
  });
}
