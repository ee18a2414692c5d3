import { USER } from '../../../build/directory/users.js';
import { atEnd } from '../../cleanup.mjs';
import { connectTo } from '../../database.mjs';
import { openDirectory } from '../../directory.mjs';
import { compare, medianCallMs } from '../compare.mjs';
import { openWriter } from '../writer.mjs';

const PAGE = 20;

/** @param {import('../stage.mjs').Stage} stage */
export async function measureTotal({ options: { size, blocks, calls }, database }) {
  const url = await database(size.many);
  const writer = await openWriter(url, 'oldest');
  const client = await connectTo(url);
  const { rows } = await client.query(
    'SELECT role FROM headcounts WHERE active GROUP BY role HAVING sum(users) > $1 ORDER BY role',
    [PAGE],
  );
  const { directory, prisma, close } = openDirectory(url);
  atEnd(close);

  const withTotal = async (/** @type {string} */ role) => {
    const found = await directory.users.find({ role }, PAGE, {});
    if (found.total <= PAGE) throw new Error(`${found.total} ${role}s in all`);
    return found.users.length;
  };
  /** As find asks for a page: one user more tells whether there is a next one. @param {string} role */
  const pageAlone = async (role) => {
    const users = await prisma.user.findMany({
      where: { active: true, role },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: PAGE + 1,
      ...USER,
      relationLoadStrategy: 'join',
    });
    return users.length;
  };
  const ways = [
    { name: 'with its total', find: withTotal },
    { name: 'its page alone, by Prisma', find: pageAlone },
  ];
  const heading = {
    figure: `find with total, ${size.many.toLocaleString('en')} users, in process`,
    form: 'always another, between writes',
    unit: 'ms',
    targets: { 'its page alone, by Prisma': { most: 2 } },
  };
  return compare(heading, ways, blocks, ({ find }, block) =>
    medianCallMs(
      { first: block * calls, calls, before: () => writer.write() },
      (at) => find(String(rows[at % rows.length].role)),
      (users) => {
        if (users < PAGE) throw new Error(`${users} users on a page`);
      },
    ),
  );
}
