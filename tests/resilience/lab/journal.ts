import type { Caller } from './client.js';
import { LOST } from './limits.js';
import { type Field, type People, stampOf } from './people.js';
import type { Request, Seen } from './requests.js';

/** Times are of `performance.now()`. */
interface Timed {
  start: number;
  end: number;
}

export interface Call extends Timed {
  client: number;
  steward: string;
  kind: 'read' | 'write';
  /** Steward's code, or LOST, or 'no code'; undefined for an answer. */
  error: string | undefined;
  text: string;
}

/** A requested change. It is doubtful where it may have been made although there was no answer. */
export interface Write extends Timed {
  tool: string;
  user: number;
  field: Field;
  value: string;
  state: 'acknowledged' | 'unchanged' | 'doubtful' | 'refused';
  /** The old value that was answered, if the answer has one. */
  old: string | null | undefined;
}

/** A value that an answer has shown, so that it was true at some moment between start and end. */
interface Sighting extends Timed {
  user: number;
  field: Field;
  value: string;
}

const FIELDS = ['department', 'role', 'active', 'preferences'] as const;
const DOUBTFUL = [LOST, 'no code', 'TIMEOUT', 'DATABASE_UNAVAILABLE', 'INTERNAL'];

/** All calls, their outcomes, and what they have shown. */
export class Journal {
  readonly calls: Call[] = [];
  readonly writes: Write[] = [];
  readonly sightings: Sighting[] = [];
  readonly wrong: string[] = [];

  constructor(readonly people: People) {}

  get failed(): Call[] {
    return this.calls.filter(({ error }) => error !== undefined);
  }

  /** Makes a call and records its outcome. */
  async call(caller: Caller, request: Request, client = -1): Promise<Call> {
    const { tool, change } = request;
    const start = performance.now();
    const outcome = await caller(tool, request.args);
    const { steward, error, text, data } = outcome;
    const time = { start, end: performance.now() };
    const call: Call = { client, steward, kind: change ? 'write' : 'read', ...time, error, text };
    this.calls.push(call);
    if (error === undefined) {
      const problem = request.check(outcome, (user) => this.#see(user, time));
      if (problem !== false) this.wrong.push(problem);
    }
    if (change) {
      const user = change.user || (data.user?.id ?? 0);
      const answered = data.change === null ? 'unchanged' : 'acknowledged';
      const failed = DOUBTFUL.includes(error ?? '') ? 'doubtful' : 'refused';
      const state = error === undefined ? answered : failed;
      this.writes.push({ tool, ...change, user, ...time, state, old: data.change?.old_value });
    }
    return call;
  }

  #see(user: Seen, time: Timed): void {
    const known = this.people.usernames.get(user.id);
    if (known !== undefined && user.username !== undefined && user.username !== known)
      this.wrong.push(`user ${user.id} is ${known}, not ${user.username}`);
    for (const field of FIELDS) {
      if (user[field] === undefined) continue;
      const value = field === 'preferences' ? stampOf(user.preferences) : String(user[field]);
      this.sightings.push({ user: user.id, field, value, ...time });
    }
  }
}
