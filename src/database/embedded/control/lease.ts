import net, { type Socket } from 'node:net';
import { EmbeddedDatabaseError } from '../errors.js';
import { isStatus, onMessage, send, type Status } from './messages.js';

/** A client's side of a lease: as long as it is open, the host stays. */
export class Lease {
  /** Resolves when the host is gone, or `end` was called. */
  readonly closed: Promise<void>;
  #open = true;
  #status: Status | undefined;
  #onStatus: (() => void) | undefined;
  #onEntered: (() => void) | undefined;
  #onInUse: (() => void) | undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('error', () => socket.destroy());
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#open = false;
        this.#onStatus?.();
        resolve();
      });
    });
    onMessage(socket, (message) => {
      if (message.kind === 'entered') this.#onEntered?.();
      else if (message.kind === 'in use') this.#onInUse?.();
      else if (isStatus(message)) this.#status = message;
      this.#onStatus?.();
    });
  }

  /** A lease from the host that listens there, or undefined if none does. */
  static connect(path: string): Promise<Lease | undefined> {
    return new Promise((resolve) => {
      const socket = net.connect(path);
      socket.once('error', () => resolve(undefined));
      socket.once('connect', () => resolve(new Lease(socket)));
    });
  }

  /**
   * Waits until the host serves the database.
   * @param silenceMs how long the host may say nothing
   * @returns `gone` if the host went away meanwhile
   * @throws EmbeddedDatabaseError if the host cannot open the database
   */
  async untilReady(
    silenceMs: number,
    onProgress: (text: string) => void,
  ): Promise<'ready' | 'gone' | 'silent'> {
    for (;;) {
      if (this.#status?.kind === 'ready') return 'ready';
      if (this.#status?.kind === 'failed') throw new EmbeddedDatabaseError(this.#status.text);
      if (!this.#open) return 'gone';
      if (this.#status?.kind === 'opening') onProgress(this.#status.text);
      this.#status = undefined;
      if (!(await this.#news(silenceMs))) return 'silent';
    }
  }

  /**
   * Enters the section that one lease at a time may be in.
   * @returns whether it did; false if the lease ended first
   */
  async enter(): Promise<boolean> {
    const entered = new Promise<boolean>((resolve) => (this.#onEntered = () => resolve(true)));
    this.socket.ref();
    send(this.socket, { kind: 'enter' });
    return Promise.race([entered, this.closed.then(() => false)]);
  }

  leave(): void {
    send(this.socket, { kind: 'leave' });
    this.relax();
  }

  /**
   * Asks a host that is ready to close the database and to leave, which it does if nobody else is connected.
   * @param silenceMs how long the host may take for it
   * @returns `gone` once it has left, which ends the lease; `in use` if others are connected; `silent` if it said nothing
   */
  async askToYield(silenceMs: number): Promise<'gone' | 'in use' | 'silent'> {
    const answer = new Promise<'in use' | 'silent'>((resolve) => {
      this.#onInUse = () => resolve('in use');
      setTimeout(() => resolve('silent'), silenceMs).unref();
    });
    send(this.socket, { kind: 'yield' });
    return Promise.race([answer, this.closed.then(() => 'gone' as const)]);
  }

  /** From now on the lease does not keep this process running. */
  relax(): void {
    this.socket.unref();
  }

  async end(): Promise<void> {
    this.socket.destroySoon();
    await this.closed;
  }

  #news(withinMs: number): Promise<boolean> {
    if (this.#status || !this.#open) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), withinMs);
      this.#onStatus = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
