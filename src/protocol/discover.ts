import { SERVED_VERSIONS } from './envelope.js';
import type { Introduction } from './introduction.js';
import type { Method } from './method.js';

/** server/discover (specification 2026-07-28, server/discover). Who serves stands in every result. */
export function discover({ capabilities, instructions }: Introduction, extensions: object): Method {
  return () => ({
    supportedVersions: SERVED_VERSIONS,
    capabilities: { ...capabilities, extensions },
    instructions,
  });
}
