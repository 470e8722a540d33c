import { type MutableResponse, OAuth2Server } from 'oauth2-mock-server';
import type { Claims } from './person.ts';

type Tamper = {
  /** Changes the claims of the ID token before it is signed. */
  claims?: (claims: Claims) => void;
  /** Replaces the signed ID token. */
  idToken?: (idToken: string) => string | Promise<string>;
  /** Changes where the browser is sent back to. */
  answer?: (callback: URL) => void;
};

export const clientId = 'openmeet.apps.google.example';

/**
 * Something that speaks Google's protocol with real signatures. Whoever comes is signed in as the
 * person set here; each code remembers whom it is for.
 */
export class GoogleStandIn {
  readonly #server: OAuth2Server;
  readonly #byCode = new Map<string, { person: Claims; tamper: Tamper }>();
  person: Claims = {};
  tamper: Tamper = {};
  /** Every authorization request, in order. */
  readonly asked: URL[] = [];

  private constructor(server: OAuth2Server) {
    this.#server = server;
  }

  static async start(): Promise<GoogleStandIn> {
    const server = new OAuth2Server();
    await server.issuer.keys.generate('RS256');
    await server.start(0, '127.0.0.1');
    const google = new GoogleStandIn(server);
    // The server names itself `localhost`, which may lead to another address.
    server.issuer.url = `http://127.0.0.1:${server.address().port}`;
    server.service.on('beforeAuthorizeRedirect', ({ url }: { url: URL }, request) => {
      google.#authorized(url, new URL(request.url, google.url));
    });
    server.service.on('beforeTokenSigning', ({ payload }, { body }) => {
      const about = google.#byCode.get(body.code);
      Object.assign(payload, { aud: clientId, azp: clientId }, about?.person);
      about?.tamper.claims?.(payload);
    });
    server.service.on('beforeResponse', ({ body }: MutableResponse, request) => {
      const forge = google.#byCode.get(request.body.code)?.tamper.idToken;
      if (forge && body) body.id_token = forge(String(body.id_token));
    });
    return google;
  }

  get url(): string {
    return this.#server.issuer.url as string;
  }

  /** The settings by which a service takes this for Google. */
  get env(): Record<string, string> {
    return {
      GOOGLE_CLIENT_ID: clientId,
      GOOGLE_CLIENT_SECRET: 'google-secret',
      GOOGLE_ISSUER: this.url,
      GOOGLE_AUTHORIZATION_URL: `${this.url}/authorize`,
      GOOGLE_TOKEN_URL: `${this.url}/token`,
      GOOGLE_JWKS_URL: `${this.url}/jwks`,
    };
  }

  #authorized(callback: URL, asked: URL): void {
    this.asked.push(asked);
    const { person, tamper } = this;
    this.#byCode.set(callback.searchParams.get('code') ?? '', { person, tamper });
    callback.searchParams.set('iss', this.url);
    tamper.answer?.(callback);
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }
}
