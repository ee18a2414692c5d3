import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { toUserRecord, userRecord } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { searchText, userId } from '../arguments.js';
import { defineDirectoryTool } from '../define-tool.js';
import { READS_USER } from '../rights.js';
import type { Directory } from '../services.js';

const wholeText = z.string().trim().min(1).max(254);

export const getUser = defineDirectoryTool({
  name: 'get_user',
  title: 'Get one user',
  description:
    'One user by exactly one of id, username, email or search. Where several match the search, a person is asked which one; find_users lists them.',
  scope: 'directory:read',
  effect: EFFECTS.reads,
  rights: [READS_USER],
  input: z
    .strictObject({
      id: userId.optional(),
      username: wholeText.describe('Whole username, in any case').optional(),
      email: wholeText.describe('Whole email address, in any case').optional(),
      search: searchText.optional(),
    })
    .refine((by) => Object.values(by).filter((value) => value !== undefined).length === 1, {
      message: 'give exactly one of id, username, email and search',
    }),
  output: z.strictObject({ notice, user: userRecord }),
  async handle(input, context, directory: Directory) {
    const { id, username, email, search } = input;
    if (search !== undefined) {
      const elicitation = directory.elicitations.of(context, input);
      return withNotice({ user: toUserRecord(await directory.users.single(search, elicitation)) });
    }
    const by = id !== undefined ? { id } : username !== undefined ? { username } : { email: email ?? '' };
    return withNotice({ user: toUserRecord(await directory.users.get(by)) });
  },
});
