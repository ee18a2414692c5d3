import type { RequiredScope } from '../capability/define.js';
import { StewardError } from '../errors.js';
import type { Caller } from './call.js';

/** The only access rule. It refuses calls, and lists show no more than it allows. */
export function permits(caller: Caller, scope: RequiredScope): boolean {
  return [scope].flat().some((one) => caller.scopes.has(one));
}

/** @throws StewardError FORBIDDEN, naming the scope that is missing */
export function authorise(caller: Caller, required: RequiredScope): void {
  if (permits(caller, required)) return;
  const scopes = [required].flat();
  throw new StewardError(
    'FORBIDDEN',
    `This needs the scope ${scopes.join(' or ')}, which your credentials do not have. Nothing was done. Go on without it, or ask the operator of this server for it.`,
    scopes[0] === undefined ? {} : { scope: scopes[0] },
  );
}
