import { readReplicas } from '@prisma/extension-read-replicas';
import { currentCall } from '../cancellation.js';
import type { DatabaseClient } from '../client.js';
import type { Replica } from './replica.js';
import { atLeastAt } from './replica-pool.js';
import { ranTooLong } from '../errors.js';
import type { WalPosition } from './wal-position.js';

/** The route of a call's reads: a replica that has replayed a position. Undefined means the primary. */
type Route = { replica: Replica<DatabaseClient>; position: WalPosition } | undefined;

/** Every generated Prisma Client has this method, each with types of its own. */
interface Extensible {
  $extends(extension: unknown): unknown;
}

/** The argument of an extension of Prisma Client. */
interface Operation {
  model: string;
  operation: string;
  args: unknown;
  query(args: unknown): Promise<unknown>;
}

/**
 * A client whose reads go to a replica, and whose writes, transactions and raw statements go to the primary.
 *
 * Callers read their own writes, through any process, and no state is kept for that. Each call queries the primary once for
 * the position of its log, and reads from a replica that has replayed it. A commit that was acknowledged before the call
 * began, and is on disk, is before that position. The query is small, and concurrent calls share it; the reads themselves
 * are the load that a replica takes off the primary.
 *
 * A replica that is behind, down or failing is no error: the call continues on the primary. A statement that took too long
 * is not repeated there.
 */
export function readsFromReplicas<Client extends DatabaseClient>(
  primary: Client,
  replicas: Replica<Client>[],
  position: () => Promise<WalPosition | undefined>,
): Client {
  const routes = new Routes(replicas, position);
  const extensible = primary as unknown as Extensible;
  const replica = extensible.$extends({
    query: {
      $allModels: {
        async $allOperations({ model, operation, args, query }: Operation) {
          const call = currentCall();
          const route = await routes.of(call);
          if (!route) return query(args);
          try {
            const read = readOf(route.replica.client, model, operation);
            return await atLeastAt(route.position, async () => read(args));
          } catch (error) {
            if (call?.aborted || ranTooLong(error)) throw error;
            route.replica.failed(error);
            routes.leave(call);
            return query(args);
          }
        },
      },
    },
  });
  // The extension separates reads from writes and transactions, but picks replicas at random. So it gets a single one,
  // which routes each call itself.
  return extensible.$extends(readReplicas({ replicas: [replica as never] })) as Client;
}

/** Chooses once for each call, so that all its reads come from one server; after a failure, from the primary. */
class Routes {
  readonly #byCall = new WeakMap<object, Promise<Route>>();

  constructor(
    private readonly replicas: Replica<DatabaseClient>[],
    private readonly position: () => Promise<WalPosition | undefined>,
  ) {}

  /** A read outside of any call goes to the primary: its result is cached for all calls. */
  async of(call: object | undefined): Promise<Route> {
    if (!call) return undefined;
    let route = this.#byCall.get(call);
    if (!route) {
      route = this.#choose();
      this.#byCall.set(call, route);
    }
    return route;
  }

  /** Sends the remaining reads of the call to the primary. */
  leave(call: object | undefined): void {
    if (call) this.#byCall.set(call, Promise.resolve(undefined));
  }

  async #choose(): Promise<Route> {
    if (!this.replicas.some(({ usable }) => usable)) return undefined;
    const position = await this.position();
    const usable = this.replicas.filter((replica) => replica.usable);
    const replica = usable[Math.floor(Math.random() * usable.length)];
    return position && replica && { replica, position };
  }
}

type Read = (args: unknown) => Promise<unknown>;

function readOf(client: DatabaseClient, model: string, operation: string): Read {
  return Reflect.get(Reflect.get(client, model) as object, operation) as Read;
}
