import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { linesOf, logged } from '../support/log.js';
import { startSteward, type Steward } from '../support/steward.js';

/** What a terminal obeys, or does not show: C0 and C1 controls, DEL, marks of direction, characters without a width. */
const UNSEEN = '\u001B[2J\u009B31m\u007F\u202E\u2066\u200B\u{E0041}';
const OBEYED = /[^\P{C}\n]|\p{Zl}|\p{Zp}/u;

let steward: Steward;

beforeAll(async () => void (steward = await startSteward()));
afterAll(() => steward.stop());

/** The last line of the log that is about a capability. */
const lineOf = async (capability: string) =>
  eventually(() => steward.log().findLast((line) => line['capability'] === capability));

describe('a line of the log', () => {
  it('shows an argument with nothing that a terminal would obey, and reads back as it was', async () => {
    await steward.call('get_user', { username: `ann${UNSEEN}` });
    const line = await lineOf('get_user');
    expect(line['arguments']).toEqual({ username: `ann${UNSEEN}` });
    expect(steward.stderr()).not.toMatch(OBEYED);
  });

  it('shows the address of a resource and the name of a tool so, too', async () => {
    const uri = `directory://${UNSEEN}`;
    await expect(steward.client.readResource({ uri })).rejects.toThrow('NOT_FOUND');
    await steward.call(`tool${UNSEEN}`);
    expect(await lineOf(uri)).toMatchObject({ kind: 'resource' });
    expect(await lineOf(`tool${UNSEEN}`)).toMatchObject({ kind: 'tool' });
    expect(steward.stderr()).not.toMatch(OBEYED);
  });

  it.each(['\n', '\t', '"', '\\', '\u0007', '\u202E'])(
    'is JSON with an email masked that comes behind %j',
    async (before) => {
      const calls = linesOf(steward, 'call').length;
      await steward.call('find_users', { department: `x${before}ann@example.com` });
      const line = (await logged(steward, 'call', calls + 1)).at(-1);
      expect(line?.['arguments']).toEqual({ department: expect.stringMatching(/^x?.?\[email\]$/su) });
      expect(steward.stderr()).not.toContain('ann@example');
    },
  );
});

it('is JSON also where Node.js or a library warns', async () => {
  const warn = `data:text/javascript,setTimeout(()=>process.emitWarning('libraries%20change'),300)`;
  const warned = await startSteward({ env: { NODE_OPTIONS: `--import=${warn}` } });
  await eventually(() => warned.stderr().includes('libraries'));
  expect(warned.log()).toContainEqual(
    expect.objectContaining({ message: 'process warning', cause: 'Warning: libraries change' }),
  );
  for (const line of warned.stderr().trim().split('\n')) expect(line).toMatch(/^\{.*\}$/);
  await warned.stop();
});
