import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { StewardError } from '../errors.js';
import { sortMembers } from '../json-object.js';
import { showUnseen } from '../visible-text.js';
import type { Context } from './define.js';
import { declares, InputRequired, InvalidState, type InputRequests } from './input-required.js';
import { Seal } from './seal.js';

/** How long answers are taken, in minutes, from the first question of a call. Used ones stay on record for longer. */
const GOOD_FOR_MINUTES = 10;
const GOOD_FOR_MS = GOOD_FOR_MINUTES * 60_000;

/** What a client brings back with the answers: only this server can make or read it. */
const STATE = z.strictObject({
  id: z.uuid(),
  /** Milliseconds since 1970. */
  until: z.number(),
  /** The name of the last question, and its digest. */
  asked: z.tuple([z.string(), z.string()]),
  /** The answers to the questions before it, by name, each with the digest of its question. */
  answers: z.record(z.string(), z.tuple([z.string(), z.unknown()])),
});

type State = z.infer<typeof STATE>;

/** Puts questions of tools before people. */
export class Elicitations {
  readonly #seal: Seal;

  /** @param keys as Seal has them */
  constructor(keys: readonly Buffer[]) {
    this.#seal = new Seal(keys);
  }

  /**
   * The questions of one call.
   * @param input the call's arguments, as they were parsed
   * @throws InvalidState where the call brings answers to questions of another caller or another call, or too late
   */
  of(context: Context, input: unknown): Elicitation {
    return new Elicitation(context, input, this.#seal);
  }
}

/**
 * Asks a person, one field of a form at a time, and has the answer when the client makes the call again (specification
 * 2026-07-28, basic/patterns/mrtr and client/elicitation). An answer counts for the very question that was asked: where the
 * question would be another by now, it is asked anew.
 */
export class Elicitation {
  /** Whether the client shows forms. */
  readonly possible: boolean;
  readonly #state: State | undefined;
  readonly #answers: State['answers'];

  constructor(
    private readonly context: Context,
    private readonly input: unknown,
    private readonly seal: Seal,
  ) {
    this.possible = declares(context.input?.capabilities ?? {}, 'elicitation/create');
    this.#state = this.#open(context.input?.state);
    this.#answers = { ...this.#state?.answers };
  }

  /** Of the answers that the call brings, the same for all calls that may follow from one question; undefined without any. */
  get id(): string | undefined {
    return this.#state?.id;
  }

  /**
   * @param choices by the text that is shown for each
   * @throws InputRequired as long as there is no answer; StewardError DECLINED, and VALIDATION for what is none of the choices
   */
  choose<Value>(name: string, message: string, choices: ReadonlyMap<string, Value>): Value {
    return choices.get(this.#ask(name, message, z.enum([...choices.keys()]))) as Value;
  }

  /**
   * Goes on without a question.
   * @throws InvalidState where the call brings an answer, which would be passed over
   */
  skip(): undefined {
    if (this.#state)
      throw new InvalidState(
        'requestState: what was asked cannot be asked any more. Nothing was done. Make the call again without requestState.',
      );
  }

  /**
   * Returns only if a person said yes.
   * @param basis what the change is made of: if it is another by now, the yes was to something else
   * @throws InputRequired as long as there is no answer; StewardError DECLINED
   */
  confirm(message: string, basis: string | null = null): void {
    const agreed = z.boolean().meta({ title: 'Yes, do this', default: false });
    if (!this.#ask('confirm', message, agreed, basis)) throw declined('said no');
  }

  #ask<Answer>(name: string, message: string, type: z.ZodType<Answer>, basis: string | null = null): Answer {
    const requests = toRequests(name, message, toFlatSchema(type));
    const digest = createHash('sha256')
      .update(JSON.stringify([requests, basis]))
      .digest('base64url');
    const [answered, earlier] = this.#answers[name] ?? [];
    if (answered === digest) return type.parse(earlier);
    const [askedName, askedDigest] = this.#state?.asked ?? [];
    const { responses = {} } = this.context.input ?? {};
    if (askedName !== name || askedDigest !== digest || !Object.hasOwn(responses, name))
      throw new InputRequired(requests, this.#sealNext([name, digest]));
    const answer = readAnswer(name, responses[name], type);
    this.#answers[name] = [digest, answer];
    return answer;
  }

  #sealNext(asked: State['asked']): string {
    // A call goes on under the id and the time of its first question: else answers could be used again under another.
    const { id = randomUUID(), until = Date.now() + GOOD_FOR_MS } = this.#state ?? {};
    const { [asked[0]]: _replaced, ...answers } = this.#answers;
    return this.seal.seal({ id, until, asked, answers } satisfies State, this.#boundTo());
  }

  #open(state: string | undefined): State | undefined {
    if (state === undefined) return undefined;
    const opened = STATE.safeParse(this.seal.open(state, this.#boundTo())).data;
    if (!opened)
      throw new InvalidState(
        'requestState: was not given out for this call of this caller, or was altered. Nothing was done. Make the call as it was, or without requestState.',
      );
    // From a process whose clock is ahead, it could outlive the record of its use.
    const left = opened.until - Date.now();
    if (left < 0 || left > 2 * GOOD_FOR_MS)
      throw new InvalidState(
        `requestState: is too old; answers are taken for ${GOOD_FOR_MINUTES} minutes. Nothing was done. Make the call again without requestState.`,
      );
    return opened;
  }

  #boundTo(): unknown {
    const { actor, tool } = this.context.author;
    return [actor, tool, sortMembers(this.input)];
  }
}

function toRequests(name: string, message: string, schema: object): InputRequests {
  const requestedSchema = { type: 'object', properties: { [name]: schema }, required: [name] };
  return {
    [name]: {
      method: 'elicitation/create',
      params: { mode: 'form', message: showUnseen(message), requestedSchema },
    },
  };
}

/** A type of one field, in the part of JSON Schema that forms have. */
function toFlatSchema(type: z.ZodType): object {
  const { $schema: _, ...schema } = z.toJSONSchema(type);
  return schema;
}

const RESPONSE = z.discriminatedUnion('action', [
  z.object({ action: z.literal('accept'), content: z.record(z.string(), z.unknown()) }),
  z.object({ action: z.literal('decline') }),
  z.object({ action: z.literal('cancel') }),
]);

/** @throws StewardError DECLINED and VALIDATION */
function readAnswer<Answer>(name: string, response: unknown, type: z.ZodType<Answer>): Answer {
  const read = RESPONSE.safeParse(response).data;
  if (read?.action === 'decline') throw declined('said no');
  if (read?.action === 'cancel') throw declined('closed the question without an answer');
  const answer = read && type.safeParse(read.content[name]);
  if (answer?.success) return answer.data;
  throw new StewardError(
    'VALIDATION',
    `inputResponses.${name}: is no answer to the question that was asked. Nothing was done. Answer it as its form asks.`,
  );
}

function declined(what: string): StewardError {
  return new StewardError(
    'DECLINED',
    `The person who was asked ${what}. Nothing was done. Do not try it again unless they ask for it.`,
  );
}
