/** How patient the parts of the embedded database are, in milliseconds. */
export interface Timing {
  /** How long the host stays without a connection before it leaves. */
  lingerMs: number;
  /** How long `openEmbedded` waits without a sign of life from the host. */
  startTimeoutMs: number;
  /** How long a connection may idle in a transaction while others wait. */
  idleInTransactionMs: number;
}

/** The defaults, unless the given values or the `STEWARD_EMBEDDED_…_MS` variables (meant for tests) say otherwise. */
export function timing(given: Partial<Timing> = {}): Timing {
  return {
    lingerMs: given.lingerMs ?? fromEnvironment('STEWARD_EMBEDDED_LINGER_MS') ?? 10_000,
    startTimeoutMs: given.startTimeoutMs ?? fromEnvironment('STEWARD_EMBEDDED_START_TIMEOUT_MS') ?? 45_000,
    idleInTransactionMs:
      given.idleInTransactionMs ?? fromEnvironment('STEWARD_EMBEDDED_IDLE_IN_TRANSACTION_MS') ?? 60_000,
  };
}

function fromEnvironment(name: string): number | undefined {
  const value = process.env[name];
  return value && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
