import { z } from 'zod';
import { ENVIRONMENT } from '../settings/environment.js';
import { CONFIGURATION } from './parse-configuration.js';
import { CHOOSING } from '../settings/sources.js';
import { DOMAIN_SETTINGS } from './read-config.js';

/** The JSON Schema of steward.config.json, by which editors complete it: what is served, and all settings. */
export function configurationSchema(): Record<string, unknown> {
  const settings = Object.entries({ ...ENVIRONMENT.shape, ...DOMAIN_SETTINGS })
    .filter(([name]) => !CHOOSING.includes(name))
    .map(([name, { description }]) => {
      const value = z.union([z.string(), z.number(), z.boolean()]).optional();
      return [name, description === undefined ? value : value.describe(description)] as const;
    });
  const file = z.strictObject({
    $schema: z.string().optional(),
    ...CONFIGURATION.shape,
    settings: z
      .strictObject(Object.fromEntries(settings))
      .optional()
      .describe('Settings, by the name of the environment variable that would say the same'),
  });
  return { title: 'steward.config.json', ...z.toJSONSchema(file, { io: 'input' }) };
}
