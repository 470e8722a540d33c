import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';

export type BareProvider = {
  issuer: string;
  stop(): Promise<void>;
};

export const client = { id: 'synapse', secret: 'a-secret-of-this-test' };

/** oidc-provider as it is, with its own sign-in pages: whoever signs in as `x` has the handle `x`. */
export async function startBareProvider(callback: string): Promise<BareProvider> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const configuration: Configuration = {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [callback] }],
    claims: {
      profile: ['name', 'matrix_handle'],
      email: ['email', 'email_verified'],
      tenant: ['tenant_id'],
    },
    scopes: ['openid', 'profile', 'email', 'tenant'],
    conformIdTokenClaims: false,
    cookies: { keys: ['of this test'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        name: `Name of ${id}`,
        email: `${id}@example.org`,
        email_verified: id !== 'unproved',
        tenant_id: 'acme',
        ...(id === 'nameless' ? {} : { matrix_handle: id }),
      }),
    }),
  };
  server.on('request', new Provider(issuer, configuration).callback());
  return {
    issuer,
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
