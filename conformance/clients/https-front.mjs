import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { promisify } from 'node:util';

/** A certificate for localhost that signs itself. @param {string} dir @returns the files it and its key are in */
export async function makeCertificate(dir) {
  const files = { key: path.join(dir, 'localhost.key'), certificate: path.join(dir, 'localhost.crt') };
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
  const names = ['-addext', 'subjectAltName=DNS:localhost'];
  await promisify(execFile)('openssl', [
    ...request,
    ...names,
    '-keyout',
    files.key,
    '-out',
    files.certificate,
  ]);
  return files;
}

/**
 * The proxy with HTTPS in front of a Steward, on a loopback port. It passes on to `target` as soon as that is set.
 * @param {Awaited<ReturnType<typeof makeCertificate>>} files
 */
export async function openHttpsFront(files) {
  const front = {
    origin: '',
    target: '',
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  const options = { key: await readFile(files.key), cert: await readFile(files.certificate) };
  const server = https.createServer(options, (request, response) => {
    const { method, headers, url = '/' } = request;
    const onward = http.request(new URL(url, front.target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  front.origin = `https://localhost:${port}`;
  return front;
}
