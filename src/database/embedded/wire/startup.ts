import { BACKEND, cString, FatalError, int32, message, messagesOf } from './frames.js';

const PROTOCOL_3_0 = 196_608;
const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSSENC_REQUEST = 80_877_104;

export const DATABASE = 'postgres';
/** A client that connects to a database of this name requests that the host close its database and exit. */
export const HANDOVER = 'steward handover';
/** The SQLSTATEs of a host that refuses a client: its database cannot be opened, or has other clients. */
export const CANNOT_OPEN = '57P03';
export const IN_USE = '55006';

/** The request in a packet of the start-up phase. */
export type StartupRequest =
  { kind: 'encryption' } | { kind: 'cancel' } | { kind: 'session'; database: string; protocol: number };

/**
 * Reads one packet of the start-up phase. Its settings are ignored, because all clients share one session.
 * @throws FatalError if the protocol is not version 3
 */
export function readStartup(packet: Buffer): StartupRequest {
  const protocol = packet.readInt32BE(4);
  if (protocol === SSL_REQUEST || protocol === GSSENC_REQUEST) return { kind: 'encryption' };
  if (protocol === CANCEL_REQUEST) return { kind: 'cancel' };
  if (protocol >> 16 !== 3) throw new FatalError('08P01', 'unsupported frontend protocol');
  const words = packet.toString('utf8', 8).split('\0');
  const name = words.findIndex((word, index) => index % 2 === 0 && word === 'database');
  return { kind: 'session', database: (name >= 0 && words[name + 1]) || DATABASE, protocol };
}

/**
 * Encodes the answer that admits a client. No password is required: access to the socket's folder is the permission.
 * @param parameters PGlite's ParameterStatus messages
 */
export function greet(protocol: number, parameters: Buffer, connectionId: number): Buffer {
  return Buffer.concat([
    ...(protocol === PROTOCOL_3_0
      ? []
      : [message(BACKEND.negotiateProtocolVersion, int32(PROTOCOL_3_0), int32(0))]),
    message(BACKEND.authentication, int32(0)),
    parameters,
    message(BACKEND.backendKeyData, int32(connectionId), int32(0)),
    message(BACKEND.readyForQuery, Buffer.from('I')),
  ]);
}

/** Encodes a start-up packet; PGlite's answer contains its parameters. */
export function ownStartupPacket(): Buffer {
  const body = Buffer.concat(['user', 'postgres', 'database', DATABASE, ''].map(cString));
  return Buffer.concat([int32(8 + body.length), int32(PROTOCOL_3_0), body]);
}

/** The ParameterStatus messages in PGlite's answer to a start-up packet, for example `server_version`. */
export function parameterStatuses(answer: Buffer): Buffer {
  const found: Buffer[] = [];
  for (const { type, from, to } of messagesOf(answer)) {
    if (type === BACKEND.parameterStatus) found.push(answer.subarray(from, to));
  }
  return Buffer.concat(found);
}
