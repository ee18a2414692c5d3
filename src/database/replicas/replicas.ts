import { readReplicas } from '@prisma/extension-read-replicas';
import { currentCall } from '../cancellation.js';
import type { DatabaseClient } from '../pool.js';
import { ranTooLong } from '../errors.js';
import { PrimaryPosition, type WalPosition } from './primary-position.js';
import { Replica, type ReplicaOptions, type ReplicaState } from './replica.js';
import { atLeastAt } from './replica-pool.js';

export type { ReplicaState };

/** The route of a call's reads: a replica that has replayed a position. Undefined means the primary. */
type Route<Client extends DatabaseClient> = { replica: Replica<Client>; position: WalPosition } | undefined;

/** Every generated Prisma Client has this method, each with types of its own. */
interface Extensible {
  $extends(extension: unknown): unknown;
}

/** The argument of an extension of Prisma Client. */
interface Operation {
  /** Absent: of the client itself. */
  model?: string;
  operation: string;
  args: unknown;
  query(args: unknown): Promise<unknown>;
}

type Read = (args: unknown) => Promise<unknown>;

/** The client for raw statements that only read, outside of a transaction: they may go to a replica, if there is one. */
export function readingFrom<Client extends DatabaseClient>(client: Client): Client {
  const { $replica } = client as { $replica?: () => Client };
  return $replica ? $replica.call(client) : client;
}

/** The replicas of a primary, and the position of the primary that they must have replayed. */
export class Replicas<Client extends DatabaseClient> {
  readonly #primary: PrimaryPosition;
  readonly #replicas: Replica<Client>[];
  /** Chosen once for each call, so that all its reads come from one server; after a failure, from the primary. */
  readonly #routes = new WeakMap<AbortSignal, Promise<Route<Client>>>();

  constructor(primaryUrl: string, urls: readonly string[], options: ReplicaOptions<Client>) {
    this.#primary = new PrimaryPosition(primaryUrl, options.session, options.log);
    this.#replicas = urls.map(
      (url, index) => new Replica(`replica_${index + 1}`, url, options, () => this.#primary.now()),
    );
  }

  /**
   * A client whose reads go to a replica, and whose writes, transactions and raw statements go to the primary; for raw
   * statements that only read, see `readingFrom`.
   *
   * Callers read their own writes, through any process, and no state is kept for that. Each call queries the primary once
   * for the position of its log, and reads from a replica that has replayed it. A commit that was acknowledged before the
   * call began, and is on disk, is before that position. The query is small, and concurrent calls share it; the reads
   * themselves are the load that a replica takes off the primary.
   *
   * A replica that is behind, down or failing is no error: the call continues on the primary. A statement that took too
   * long is not repeated there.
   */
  route(primary: Client): Client {
    const extensible = primary as unknown as Extensible;
    const $allOperations = (operation: Operation) => this.#read(operation);
    const replica = extensible.$extends({
      query: { $allModels: { $allOperations }, $queryRaw: $allOperations },
    });
    // The extension separates reads from writes and transactions, but picks replicas at random. So it gets a single one,
    // which routes each call itself.
    return extensible.$extends(readReplicas({ replicas: [replica as never] })) as Client;
  }

  async states(): Promise<Record<string, ReplicaState>> {
    const states = this.#replicas.map(async (replica) => [replica.name, await replica.state()] as const);
    return Object.fromEntries(await Promise.all(states));
  }

  async close(): Promise<void> {
    await this.#primary.close();
    await Promise.all(this.#replicas.map((replica) => replica.close()));
  }

  async #read({ model, operation, args, query }: Operation): Promise<unknown> {
    const call = currentCall();
    // The result of a read outside of any call is cached for all calls.
    const route = call && (await this.#routeOf(call));
    if (!route) return query(args);
    try {
      const { client } = route.replica;
      const owner = model === undefined ? client : (Reflect.get(client, model) as object);
      const read = Reflect.get(owner, operation) as Read;
      return await atLeastAt(route.position, async () => read.call(owner, args));
    } catch (error) {
      if (call.aborted || ranTooLong(error)) throw error;
      route.replica.failed(error);
      this.#routes.set(call, Promise.resolve(undefined));
      return query(args);
    }
  }

  #routeOf(call: AbortSignal): Promise<Route<Client>> {
    const route = this.#routes.get(call) ?? this.#choose();
    this.#routes.set(call, route);
    return route;
  }

  async #choose(): Promise<Route<Client>> {
    if (!this.#replicas.some(({ usable }) => usable)) return undefined;
    const position = await this.#primary.now();
    const usable = this.#replicas.filter((replica) => replica.usable);
    const replica = usable[Math.floor(Math.random() * usable.length)];
    return position && replica && { replica, position };
  }
}
