import { UNSEEN } from './visible-text.js';

/** The one rule for names of callers from any source: what logs and audit rows can show on one line, all of it visible. */
export const CALLER_NAME = new RegExp(`^(?! )(?:(?!${UNSEEN}).){1,100}(?<! )$`, 'su');

/** For messages, after the name of what holds the name. */
export const CALLER_NAME_RULE =
  'must be up to 100 visible characters, without spaces at its ends: logs and audit rows show it on one line';
