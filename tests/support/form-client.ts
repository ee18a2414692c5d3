import { codeOf, type HttpSteward, type JsonRpcAnswer } from './http.js';
import { claims, standardHeaders } from './modern.js';
import type { RawClient } from './raw-client.js';

/** A form that a call asks to be filled in (specification 2026-07-28, client/elicitation). */
export interface Form {
  message: string;
  requestedSchema: { properties: Record<string, Record<string, unknown>>; required: string[] };
}

/** What came of a call: an answer, an error's code, or questions. */
export interface Outcome {
  code: unknown;
  text: string;
  data: Record<string, unknown>;
  /** By the keys that the answers must have; undefined where nothing is asked. */
  forms: Record<string, Form> | undefined;
  state: string | undefined;
}

/** What a call brings: answers to questions, and the state that came with them. */
export interface Brought {
  inputResponses?: Record<string, unknown> | undefined;
  requestState?: string | undefined;
}

type Send = (method: string, params: Record<string, unknown>) => Promise<JsonRpcAnswer>;

/** A client of revision 2026-07-28, in raw messages: it answers a question only where a test does. */
export class FormClient {
  /** @param capabilities as each of its requests declares them */
  constructor(
    private readonly send: Send,
    private readonly capabilities: object = { elicitation: {} },
  ) {}

  static overStdio(client: RawClient, capabilities?: object): FormClient {
    return new FormClient((method, params) => client.request(method, params), capabilities);
  }

  static overHttp(steward: HttpSteward, capabilities?: object): FormClient {
    return new FormClient(async (method, params) => {
      const headers = standardHeaders(method, params);
      const { json, text } = await steward.request(method, params, { headers });
      if (!json) throw new Error(text);
      return json;
    }, capabilities);
  }

  async call(tool: string, args: object = {}, brought: Brought = {}): Promise<Outcome> {
    return toOutcome(await this.request('tools/call', { name: tool, arguments: args, ...brought }));
  }

  /** Makes the call again with an answer to its only question. */
  answer(tool: string, args: object, asked: Outcome, response: object): Promise<Outcome> {
    const [name = ''] = Object.keys(asked.forms ?? {});
    return this.call(tool, args, { inputResponses: { [name]: response }, requestState: asked.state });
  }

  /** As a person does who fills in this value. */
  fill(tool: string, args: object, asked: Outcome, value: unknown): Promise<Outcome> {
    const [name = ''] = Object.keys(asked.forms ?? {});
    return this.answer(tool, args, asked, { action: 'accept', content: { [name]: value } });
  }

  request(method: string, params: Record<string, unknown>): Promise<JsonRpcAnswer> {
    return this.send(method, { ...params, _meta: claims(this.capabilities) });
  }
}

function toOutcome(answer: JsonRpcAnswer): Outcome {
  const { result = {}, error } = answer;
  const [content] = (result['content'] ?? []) as { text?: string }[];
  const asked = result['resultType'] === 'input_required';
  return {
    code: codeOf({ json: answer }),
    text: error?.message ?? content?.text ?? '',
    data: (result['structuredContent'] ?? {}) as Record<string, unknown>,
    forms: asked ? toForms(result['inputRequests'] as Record<string, unknown>) : undefined,
    state: result['requestState'] as string | undefined,
  };
}

function toForms(requests: Record<string, unknown>): Record<string, Form> {
  return Object.fromEntries(
    Object.entries(requests).map(([key, request]) => {
      const { method, params } = request as { method: string; params: Form & { mode: string } };
      if (method !== 'elicitation/create' || params.mode !== 'form') throw new Error(JSON.stringify(request));
      return [key, params];
    }),
  );
}
