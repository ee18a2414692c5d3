import type { Scope } from '../capability/define.js';
import { StewardError } from '../errors.js';
import type { Caller } from './call.js';

/** The only access rule. It refuses calls, and lists show no more than it allows. */
export function permits(caller: Caller, scope: Scope): boolean {
  return caller.scopes.has(scope);
}

/** @throws StewardError FORBIDDEN, naming the scope that is missing */
export function authorise(caller: Caller, scope: Scope): void {
  if (permits(caller, scope)) return;
  throw new StewardError(
    'FORBIDDEN',
    `This needs the scope ${scope}, which your credentials do not have. Nothing was done. Go on without it, or ask the operator of this server for it.`,
    { scope },
  );
}
