import { BACKEND, cString, fatal, message, messagesOf, ProtocolViolation } from './frames.js';

const PROTOCOL_3_0 = 196_608;
const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSSENC_REQUEST = 80_877_104;

const DATABASE = 'postgres';
const READY_FOR_QUERY = message(BACKEND.readyForQuery, Buffer.from('I'));

/** How a start-up packet is answered, and whether more start-up packets follow, queries follow, or nothing does. */
export interface StartupReply {
  bytes: Buffer;
  next: 'startup' | 'queries' | 'end';
}

/**
 * Answers one packet of the start-up phase. The socket's folder is the only guard, so nobody is asked for a password.
 * Settings in the packet are not applied: there is one session, and they would hold for everybody.
 * @param parameters PGlite's ParameterStatus messages
 * @throws ProtocolViolation for a protocol that is not version 3
 */
export function answerStartup(packet: Buffer, parameters: Buffer, connectionId: number): StartupReply {
  const code = packet.readInt32BE(4);
  if (code === SSL_REQUEST || code === GSSENC_REQUEST) return { bytes: Buffer.from('N'), next: 'startup' };
  // PGlite computes on the thread that would have to hear of it: there is nothing to cancel by the time it does.
  if (code === CANCEL_REQUEST) return { bytes: Buffer.alloc(0), next: 'end' };
  if (code >> 16 !== 3) throw new ProtocolViolation('unsupported frontend protocol');

  const database = startupParameters(packet).get('database') ?? DATABASE;
  if (database !== DATABASE) {
    const reason = `database "${database}" does not exist; the embedded database is called "${DATABASE}"`;
    return { bytes: fatal('3D000', reason), next: 'end' };
  }
  const negotiated =
    code === PROTOCOL_3_0 ? [] : [message(BACKEND.negotiateProtocolVersion, int32(PROTOCOL_3_0), int32(0))];
  const authenticationOk = message(BACKEND.authentication, int32(0));
  const backendKey = message(BACKEND.backendKeyData, int32(connectionId), int32(0));
  return {
    bytes: Buffer.concat([...negotiated, authenticationOk, parameters, backendKey, READY_FOR_QUERY]),
    next: 'queries',
  };
}

/** A start-up packet to read PGlite's own parameters with. */
export function ownStartupPacket(): Buffer {
  const body = Buffer.concat(['user', 'postgres', 'database', DATABASE, ''].map(cString));
  return Buffer.concat([int32(8 + body.length), int32(PROTOCOL_3_0), body]);
}

/** The ParameterStatus messages among PGlite's answer to a start-up packet; `server_version` is one. */
export function parameterStatuses(answer: Buffer): Buffer {
  const found: Buffer[] = [];
  for (const { type, from, to } of messagesOf(answer)) {
    if (type === BACKEND.parameterStatus) found.push(answer.subarray(from, to));
  }
  return Buffer.concat(found);
}

function startupParameters(packet: Buffer): Map<string, string> {
  const words = packet.toString('utf8', 8).split('\0');
  const parameters = new Map<string, string>();
  for (let i = 0; i + 1 < words.length && words[i]; i += 2)
    parameters.set(words[i] ?? '', words[i + 1] ?? '');
  return parameters;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
