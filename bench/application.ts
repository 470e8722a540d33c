import { createHash, randomBytes } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Page, Site } from './driver.ts';

export type Tokens = { access_token: string; refresh_token: string; id_token: string };

export type Attempt = { path: string; verifier: string; nonce: string; state: string };

export type Credentials = { id: string; secret: string };

/** On no one's machine: the browser stops where it would go there. */
export const redirectUri = 'https://app.bench.test/callback';

type Discovery = Record<'authorization' | 'token' | 'userinfo' | 'introspection', string> & {
  jwks: string;
};

/** A relying party that knows the provider's keys and checks all that it is told. */
export class Application {
  readonly site: Site;
  readonly paths: Discovery;
  readonly #issuer: string;
  readonly #client: Credentials;
  readonly #authorization: string;
  readonly #keys: ReturnType<typeof createLocalJWKSet>;

  private constructor(
    site: Site,
    issuer: string,
    client: Credentials,
    paths: Discovery,
    keys: JSONWebKeySet,
  ) {
    this.site = site;
    this.paths = paths;
    this.#issuer = issuer;
    this.#client = client;
    this.#authorization = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
    this.#keys = createLocalJWKSet(keys);
  }

  static async discover(site: Site, issuer: string, client: Credentials): Promise<Application> {
    const base = new URL(issuer).pathname.replace(/\/$/, '');
    const { body } = await site.fetch(`${base}/.well-known/openid-configuration`);
    const found = JSON.parse(body);
    const path = (name: string) => new URL(found[name]).pathname;
    const paths = {
      authorization: path('authorization_endpoint'),
      token: path('token_endpoint'),
      userinfo: path('userinfo_endpoint'),
      introspection: path('introspection_endpoint'),
      jwks: path('jwks_uri'),
    };
    const keys = JSON.parse((await site.fetch(paths.jwks)).body);
    return new Application(site, issuer, client, paths, keys);
  }

  get discoveryPath(): string {
    return `${new URL(this.#issuer).pathname.replace(/\/$/, '')}/.well-known/openid-configuration`;
  }

  /** An authorization request with PKCE, nonce and state. */
  begin(): Attempt {
    const [verifier, nonce, state] = [random(), random(), random()];
    const query = new URLSearchParams({
      client_id: this.#client.id,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid profile email',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      nonce,
      state,
    });
    return { path: `${this.paths.authorization}?${query}`, verifier, nonce, state };
  }

  /** Code to tokens, ID token verified, userinfo asked. */
  async finish(attempt: Attempt, { url, status, body }: Page): Promise<Tokens> {
    const code = url.searchParams.get('code');
    if (!code || url.searchParams.get('state') !== attempt.state) {
      throw new Error(`No code: ${status} at ${url.href} ${body.slice(0, 300)}`);
    }
    const tokens = await this.#token({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: attempt.verifier,
    });
    const { payload } = await jwtVerify(tokens.id_token, this.#keys, {
      issuer: this.#issuer,
      audience: this.#client.id,
    });
    if (payload.nonce !== attempt.nonce) throw new Error('The nonce is another one');
    await this.userinfo(tokens, payload.sub);
    return tokens;
  }

  refresh({ refresh_token }: Tokens): Promise<Tokens> {
    return this.#token({ grant_type: 'refresh_token', refresh_token });
  }

  async userinfo({ access_token }: Tokens, subject?: string): Promise<void> {
    const authorization = `Bearer ${access_token}`;
    const { body, status } = await this.site.fetch(this.paths.userinfo, {
      headers: { authorization },
    });
    const { sub } = JSON.parse(body);
    if (!sub || (subject && sub !== subject)) throw new Error(`userinfo ${status}: ${body}`);
  }

  async introspect({ access_token }: Tokens): Promise<void> {
    const { body } = await this.site.post(
      this.paths.introspection,
      { token: access_token },
      { authorization: this.#authorization },
    );
    if (JSON.parse(body).active !== true) throw new Error(`introspection: ${body}`);
  }

  async #token(form: Record<string, string>): Promise<Tokens> {
    const headers = { authorization: this.#authorization };
    const { status, body } = await this.site.post(this.paths.token, form, headers);
    if (status !== 200) throw new Error(`token ${status}: ${body}`);
    return JSON.parse(body);
  }
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
