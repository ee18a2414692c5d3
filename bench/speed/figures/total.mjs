import { openDirectory } from '../../directory.mjs';
import { comparePair, medianCallMs } from '../blocks.mjs';
import { connectTo } from '../databases.mjs';
import { progress } from '../progress.mjs';
import { USER_COLUMNS } from '../user-columns.mjs';
import { Writer } from '../writer.mjs';

const PAGE = 20;

/** @type {import('./index.mjs').Figure} */
export const total = {
  name: 'total',
  what: 'finding users with their total beside the query of the page alone',
  async measure({ options, databases, cleanup }) {
    const url = await databases.url(options.size.many);
    const figure = `find with total, ${options.size.many.toLocaleString('en')} users, in process`;
    progress(figure);
    const client = await connectTo(url);
    cleanup.add(() => client.end());
    const writer = await Writer.of(client, 'oldest');
    const { rows } = await client.query(
      'SELECT role FROM headcounts WHERE active GROUP BY role HAVING sum(users) > $1 ORDER BY role',
      [PAGE],
    );
    const roleOf = (/** @type {number} */ at) => String(rows[at % rows.length].role);
    const { directory, prisma, close } = await openDirectory(url);
    cleanup.add(close);

    const withTotal = {
      name: 'with total',
      find: async (/** @type {string} */ role) => {
        const found = await directory.users.find({ role }, PAGE, {});
        if (found.total <= PAGE) throw new Error(`${found.total} ${role}s in all`);
        return found.users.length;
      },
    };
    const without = {
      name: 'without',
      find: async (/** @type {string} */ role) => (await barePage(prisma, role)).length,
    };
    const compared = await comparePair([withTotal, without], options.blocks, ({ find }, block) =>
      medianCallMs(
        { first: block * options.calls, calls: options.calls, before: () => writer.write() },
        (at) => find(roleOf(at)),
        (users) => {
          if (users < PAGE) throw new Error(`${users} users on a page`);
        },
      ),
    );
    return [
      {
        figure,
        form: 'always another, between writes',
        against: 'its page alone, by Prisma',
        isMain: true,
        target: { most: 2 },
        ...compared,
      },
    ];
  },
};

/** As find asks for a page: one user more tells whether there is a next one. @param {import('../../../src/generated/prisma/client.js').PrismaClient} prisma @param {string} role */
function barePage(prisma, role) {
  return prisma.user.findMany({
    where: { active: true, role },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: PAGE + 1,
    select: USER_COLUMNS,
    relationLoadStrategy: 'join',
  });
}
