/** @typedef {'created' | 'department' | 'role' | 'active' | 'preferences'} Field */
/** What was true of a user at some moment between two. @typedef {{ user: number, field: Field, value: string, start: number, end: number }} Sighting */
/**
 * A change that was asked for. `state`: acknowledged; doubtful, where it may have been made all the same; or refused.
 * `change`: what was acknowledged, null where there was nothing to do.
 * @typedef {object} Write
 * @property {string} tool
 * @property {number | undefined} user undefined for one that is to be created, and was not acknowledged
 * @property {Field} field
 * @property {string} value
 * @property {Record<string, string>} [initial] what a user is created with
 * @property {number} start
 * @property {number} end
 * @property {'acknowledged' | 'doubtful' | 'refused'} state
 * @property {{ old: string | undefined } | null} change `old` is undefined where the answer does not tell
 */
/** @typedef {{ client: number, kind: 'read' | 'write', steward: string, start: number, end: number, error: string | undefined, text: string }} Call */

/** Everything that was asked and answered. Times are of `performance.now()`. */
export class Journal {
  /** @type {Call[]} */
  calls = [];
  /** @type {Write[]} */
  writes = [];
  /** @type {Sighting[]} */
  sightings = [];
  /** Answers that were wrong whatever else happened. @type {string[]} */
  wrong = [];
}
