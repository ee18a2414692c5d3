import { eventually } from './eventually.js';
import { HttpSteward } from './http.js';

/** No limit is to come between a test and what it asks. */
const UNLIMITED = { RATE_LIMIT_PER_MINUTE: '1000000' };

/** A process that is ready for as many calls as a test makes. */
export async function startUnlimited(env: Record<string, string>): Promise<HttpSteward> {
  const started = await HttpSteward.start({ ...UNLIMITED, ...env });
  await eventually(async () => (await started.send({ method: 'GET', path: '/ready' })).status === 200);
  return started;
}

/** Name and active users of each department, as a process tells them. */
export async function headcounts(of: HttpSteward): Promise<Map<string, number>> {
  const { departments } = await answer(of, 'list_departments', {});
  const { rows } = departments as { rows: unknown[][] };
  return new Map(rows.map(([, name, active]) => [name as string, active as number]));
}

/** The structured answer of a call that has to succeed. */
export async function answer(of: HttpSteward, tool: string, args: object): Promise<Record<string, unknown>> {
  const { json, text } = await of.call(tool, args);
  if (json?.result === undefined || json.result['isError'] === true) throw new Error(text);
  return json.result['structuredContent'] as Record<string, unknown>;
}

export const userOf = (data: Record<string, unknown>) => data['user'] as { id: number; department: string };

let people = 0;

/** A new user in a department, made through this process. */
export async function hire(by: HttpSteward, department: string): Promise<number> {
  people += 1;
  const username = `hired_${process.pid}_${people}`;
  return userOf(await answer(by, 'create_user', { username, email: `${username}@example.com`, department }))
    .id;
}
