import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type TlsFront = {
  port: number;
  /** In PEM, for those who are to trust it. */
  certificate: string;
  stop(): Promise<void>;
};

/**
 * What stands before a service on the internet: it speaks https for `name`, by a certificate that it
 * signed itself, and passes everything on to `target`.
 */
export async function startTlsFront(name: string, target: string): Promise<TlsFront> {
  const identity = await selfSigned(name);
  const server = createServer(identity, (incoming, answer) => {
    const { method, headers, url: path = '/' } = incoming;
    const onward = request(new URL(path, target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    incoming.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    certificate: identity.cert.toString(),
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function selfSigned(name: string): Promise<{ key: Buffer; cert: Buffer }> {
  const directory = await mkdtemp(join(tmpdir(), 'openmeet-tls-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  try {
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}`;
    await promisify(execFile)('openssl', [...words.split(' '), '-keyout', key, '-out', cert]);
    return { key: await readFile(key), cert: await readFile(cert) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
