import { scopesNamed, type RequiredScope } from '../capability/define.js';
import { StewardError } from '../errors.js';
import type { Caller } from './call.js';

/** The only access rule. It refuses calls, and lists show no more than it allows. */
export function permits(caller: Caller, required: RequiredScope): boolean {
  const isHeld = (scope: string) => caller.scopes.has(scope);
  const scopes = scopesNamed(required);
  return needsAll(required) ? scopes.every(isHeld) : scopes.some(isHeld);
}

function needsAll(required: RequiredScope): boolean {
  return typeof required === 'object' && 'all' in required;
}

/** @throws StewardError FORBIDDEN, naming what is missing: one of several scopes, or all that are */
export function authorise(caller: Caller, required: RequiredScope): void {
  if (permits(caller, required)) return;
  const missing = scopesNamed(required).filter((scope) => !caller.scopes.has(scope));
  const [words, scope] = needsAll(required)
    ? [missing.join(' and '), missing.join(' ')]
    : [missing.join(' or '), missing[0]];
  throw new StewardError(
    'FORBIDDEN',
    `This needs the scope ${words}, which your credentials do not have. Nothing was done. Go on without it, or ask the operator of this server for it.`,
    scope === undefined ? {} : { scope },
  );
}
