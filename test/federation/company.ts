import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type ClientMetadata, type Configuration } from 'oidc-provider';
import type { Claims } from './person.ts';

/**
 * A company's own OpenID provider: oidc-provider as its makers ship it, with claims in userinfo
 * rather than in the ID token. Whoever comes is signed in as the person set here.
 */
export class Company {
  readonly #server: Server;
  readonly #clients: ClientMetadata[];
  #provider: Provider;
  #key: JWK;
  readonly url: string;
  person: Claims = {};
  readonly #people = new Map<string, Claims>();
  /** Refuses whoever comes. */
  refuses = false;
  /** Every authorization request, in order. */
  readonly asked: URL[] = [];

  private constructor(server: Server, clients: ClientMetadata[], key: JWK) {
    this.#server = server;
    this.#clients = clients;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#key = key;
    this.#provider = this.#providerWith(key);
  }

  static async start(...clients: ClientMetadata[]): Promise<Company> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const company = new Company(server, clients, await newKey());
    server.on('request', (request, response) => company.#serve(request, response));
    return company;
  }

  /**
   * Signs with another key from now on; the old one is not published any more. What it remembers of
   * its clients' keys is forgotten, as after ten minutes.
   */
  async rotateKeys(): Promise<void> {
    this.#key = await newKey();
    this.#provider = this.#providerWith(this.#key);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #providerWith(key: JWK): Provider {
    const configuration: Configuration = {
      clients: this.#clients,
      jwks: { keys: [key] } as Configuration['jwks'],
      cookies: { keys: ['a company secret'] },
      scopes: ['openid', 'profile', 'email'],
      claims: {
        openid: ['sub'],
        profile: ['name', 'displayName', 'preferred_username', 'realm_access'],
        email: ['email', 'email_verified'],
      },
      features: { devInteractions: { enabled: false } },
      // Its own would refuse to ask for the keys of a client on this machine.
      fetch: (url) => fetch(url),
      interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
      clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
      findAccount: (_ctx, id) => ({
        accountId: id,
        claims: async () => ({ ...this.#people.get(id), sub: id }),
      }),
    };
    return new Provider(this.url, configuration);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/auth') this.asked.push(url);
    if (url.pathname.startsWith('/interaction/')) await this.#welcome(request, response);
    else await this.#provider.callback()(request, response);
  }

  async #welcome(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { params } = await this.#provider.interactionDetails(request, response);
    if (this.refuses) {
      const error = { error: 'access_denied', error_description: 'Not today.' };
      return this.#provider.interactionFinished(request, response, error);
    }
    const accountId = String(this.person.sub);
    this.#people.set(accountId, this.person);
    const grant = new this.#provider.Grant({ accountId, clientId: String(params.client_id) });
    grant.addOIDCScope(String(params.scope));
    const consent = { grantId: await grant.save() };
    await this.#provider.interactionFinished(request, response, { login: { accountId }, consent });
  }
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256' };
}
