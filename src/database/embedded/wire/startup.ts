import type { Socket } from 'node:net';
import { BACKEND, cString, FatalError, int32, message, type MessageReader } from './frames.js';

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

/**
 * Reads what a client sends before it may ask anything, and refuses encryption. Its settings are ignored, because all
 * clients share one session.
 * @returns the name of the database; undefined if the client wants no session
 * @throws FatalError if the protocol is not version 3
 */
export async function readStartup(reader: MessageReader, socket: Socket): Promise<string | undefined> {
  for (let packet = await reader.next('packet'); packet; packet = await reader.next('packet')) {
    const protocol = packet.readInt32BE(4);
    // PGlite runs on the thread that reads the request, so no statement is running by now.
    if (protocol === CANCEL_REQUEST) return undefined;
    if (protocol === SSL_REQUEST || protocol === GSSENC_REQUEST) {
      socket.write('N');
      continue;
    }
    if (protocol >> 16 !== 3) throw new FatalError('08P01', 'unsupported frontend protocol');
    if (protocol !== PROTOCOL_3_0)
      socket.write(message(BACKEND.negotiateProtocolVersion, int32(PROTOCOL_3_0), int32(0)));
    const words = packet.toString('utf8', 8).split('\0');
    const name = words.findIndex((word, index) => index % 2 === 0 && word === 'database');
    return (name >= 0 && words[name + 1]) || DATABASE;
  }
  return undefined;
}

/**
 * Encodes a start-up packet. PGlite's answer greets every client. No password is required: access to the socket's folder
 * is the permission.
 */
export function ownStartupPacket(): Buffer {
  const body = Buffer.concat(['user', 'postgres', 'database', DATABASE, ''].map(cString));
  return Buffer.concat([int32(8 + body.length), int32(PROTOCOL_3_0), body]);
}
