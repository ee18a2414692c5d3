import { readReplicas } from '@prisma/extension-read-replicas';
import { currentCall } from '../cancellation.js';
import type { DatabaseClient } from '../client.js';
import type { Replica } from './replica.js';
import { atLeastAt } from './replica-pool.js';
import { ranTooLong } from '../errors.js';
import type { WalPosition } from './wal-position.js';

/** Where reads go: to a replica that has everything up to a position, or, undefined, to the primary. */
type Route = { replica: Replica<DatabaseClient>; position: WalPosition } | undefined;

/** The part of Prisma Client that every generated one has, and types each in its own way. */
interface Extensible {
  $extends(extension: unknown): unknown;
}

/** A read, as Prisma Client hands it to an extension. */
interface Operation {
  model: string;
  operation: string;
  args: unknown;
  query(args: unknown): Promise<unknown>;
}

/**
 * A client whose reads go to a replica, and whose writes, transactions and raw statements go to the primary.
 *
 * Callers read their own writes, through any process, and no state is kept for that:
 * each call asks the primary, once, how far its log goes by now, and reads where all of that has been replayed. What was
 * acknowledged before the call began, and is on disk, stands before that position. The question is a small one, and calls that come
 * together share it; what a replica takes off the primary is the reading itself.
 *
 * A replica that is behind, gone or unable to answer is no error: the call goes on with the primary, unless what it asked
 * took too long.
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
  // The extension knows what is a read and what is inside a transaction, but would choose a replica blindly: it gets one
  // that chooses for itself.
  return extensible.$extends(readReplicas({ replicas: [replica as never] })) as Client;
}

/** Decides once for each call, so that all it reads comes from one server, or else from the primary from then on. */
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

  /** What else the call reads comes from the primary. */
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
