import type { DatabaseClient } from '../client.js';
import { PrimaryPosition } from './primary-position.js';
import { PrimarySession } from './primary-session.js';
import { readsFromReplicas } from './read-routes.js';
import { Replica, type ReplicaOptions, type ReplicaState } from './replica.js';

export type { ReplicaState };

/** The replicas of a primary, and the session on the primary that reads the position they must have replayed. */
export class Replicas<Client extends DatabaseClient> {
  readonly #session: PrimarySession;
  readonly #position: PrimaryPosition;
  readonly #replicas: Replica<Client>[];

  constructor(primaryUrl: string, urls: readonly string[], options: ReplicaOptions<Client>) {
    this.#session = new PrimarySession(primaryUrl, options.log);
    this.#position = new PrimaryPosition(this.#session);
    this.#replicas = urls.map(
      (url, index) => new Replica(`replica_${index + 1}`, url, options, () => this.#position.now()),
    );
  }

  /** Returns the primary's client, with its reads sent to a replica if one can serve them. */
  route(primary: Client): Client {
    return readsFromReplicas(primary, this.#replicas, () => this.#position.now());
  }

  async states(): Promise<Record<string, ReplicaState>> {
    const states = this.#replicas.map(async (replica) => [replica.name, await replica.state()] as const);
    return Object.fromEntries(await Promise.all(states));
  }

  async close(): Promise<void> {
    await this.#session.close();
    await Promise.all(this.#replicas.map((replica) => replica.close()));
  }
}
