import type { Elicitation } from '../capability/elicitation.js';
import type { Context } from '../capability/define.js';
import { repeatUndone } from '../database/repeat.js';
import type { WriteShare } from '../database/write-share.js';
import { StewardError } from '../errors.js';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';

/** The call of a tool that writes: a person may be asked on its way. */
export interface WriteContext extends Context {
  elicitation: Elicitation;
}

/** What a write did, before its commit. */
export interface Uncommitted<Result> {
  result: Result;
  /** Says it to the person who confirms it, in a sentence; null if nothing was written. */
  words: string | null;
  /** The old value: a yes to its change is none to the change of another. */
  basis?: string | null;
}

/**
 * Milliseconds. The pool limits the wait for a connection, so Prisma's own limit for it is longer. Independent of both,
 * the check of the signal before the commit keeps a change from being made after its caller got an error.
 */
const TRANSACTION_LIMITS = { maxWait: 60_000, timeout: 6000 };

/** The only road to a change of the directory: a transaction, which uses an answer once, and which a person may have to confirm. */
export class Writes {
  /** @param confirms whether a person confirms each write (CONFIRM_WRITES) */
  constructor(
    private readonly prisma: PrismaClient,
    private readonly share: WriteShare,
    private readonly confirms: boolean,
  ) {}

  /**
   * Runs work in a transaction; again, if the database undid it for the sake of another one. The person who confirms it is
   * asked when all is done but the commit, and the question rolls it back: so they confirm what is going to happen, as the
   * database has it, and are not asked about what would fail.
   * @throws StewardError FORBIDDEN where nobody can be asked, DECLINED, CONFLICT for an answer that was used; InputRequired;
   * errors of the work
   */
  async run<Result>(
    { elicitation, signal }: WriteContext,
    work: (tx: Prisma.TransactionClient) => Promise<Uncommitted<Result>>,
  ): Promise<Result> {
    if (this.confirms && !elicitation.possible) throw cannotConfirm();
    const transaction = async (tx: Prisma.TransactionClient) => {
      if (elicitation.id !== undefined) await useAnswer(tx, elicitation.id);
      const { result, words, basis } = await work(tx);
      if (this.confirms && words !== null) elicitation.confirm(words, basis);
      signal.throwIfAborted();
      return result;
    };
    return this.share.run(signal, () =>
      repeatUndone(() => this.prisma.$transaction(transaction, TRANSACTION_LIMITS)),
    );
  }
}

/** Waits for a transaction that uses the same answer now. @throws StewardError CONFLICT */
async function useAnswer(tx: Prisma.TransactionClient, id: string): Promise<void> {
  const { count } = await tx.usedAnswer.createMany({ data: [{ id }], skipDuplicates: true });
  if (count === 1) return;
  throw new StewardError(
    'CONFLICT',
    'requestState: its answer was used before, and counts once. This call did nothing; the one before has done it. Look first, and call without requestState to be asked anew.',
  );
}

function cannotConfirm(): StewardError {
  return new StewardError(
    'FORBIDDEN',
    'Here a person confirms each change (CONFIRM_WRITES), and this client cannot ask one: it takes a client of MCP 2026-07-28 or later that shows forms (elicitation). Nothing was done.',
  );
}
