import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { Claims } from './person.ts';

type Options = {
  /** What it calls itself, where something stands in for DNS and TLS. */
  origin?: string;
  /** The issuer's path. */
  path?: string;
};

type Given = { person: Claims; challenge: string; nonce: string; redirectUri: string };

export const plainClient = { id: 'openmeet-at-plain', secret: 'a-plain-secret-0123456789' };

/**
 * A provider written from the specification's must-haves alone, as unlike oidc-provider as can be: no
 * userinfo unless told, no `iss` in its answers, every claim in the ID token, and keys without `use`. Whoever
 * comes is signed in as the person set here.
 */
export class PlainProvider {
  readonly #server: Server;
  readonly #options: Options;
  readonly #codes = new Map<string, Given>();
  #key: CryptoKey | undefined;
  #alg = 'ES256';
  #published: JWK[] = [];
  person: Claims = {};
  /** Changes what the ID token says before it is signed. */
  tamper: (claims: Claims) => void = () => {};
  /** Replaces the signed ID token; told the public key. */
  forge: (idToken: string, key: JWK) => string | Promise<string> = (idToken) => idToken;
  /** Changes where the browser is sent back to. */
  answer: (callback: URL) => void = () => {};
  /** What userinfo says, where there is any: to be set before the provider is first asked. */
  userinfo: (() => Claims) | undefined;
  /** What the token endpoint answers instead. */
  tokenAnswer: { status: number; body: object } | undefined;

  private constructor(server: Server, options: Options) {
    this.#server = server;
    this.#options = options;
  }

  static async start(options: Options = {}): Promise<PlainProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const provider = new PlainProvider(server, options);
    server.on('request', (request, response) => provider.#serve(request, response));
    await provider.rotateKeys();
    return provider;
  }

  /** Where it really is. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get issuer(): string {
    return `${this.#options.origin ?? this.url}${this.#options.path ?? ''}`;
  }

  /** Signs with another key from now on, of whatever kind; the old one is forgotten at once. */
  async rotateKeys(alg = this.#alg): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const kid = randomBytes(4).toString('hex');
    this.#alg = alg;
    this.#key = privateKey;
    this.#published = [{ ...(await exportJWK(publicKey)), kid }];
  }

  /** What it sends when somebody signs out. */
  async logoutToken(claims: Claims, key = this.#key as CryptoKey): Promise<string> {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const iat = Math.floor(Date.now() / 1000);
    const about = { iss: this.issuer, aud: plainClient.id, iat, jti: randomUUID(), events };
    const [{ kid } = {}] = this.#published;
    const header = { alg: this.#alg, kid, typ: 'logout+jwt' };
    return new SignJWT({ ...about, ...claims }).setProtectedHeader(header).sign(key);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const issuerPath = this.#options.path ?? '';
    if (pathname === `${issuerPath}/.well-known/openid-configuration`) {
      json(response, 200, this.#discovery());
    } else if (pathname === '/keys') {
      json(response, 200, { keys: this.#published });
    } else if (pathname === '/authorize') {
      response.writeHead(302, { location: this.#authorize(searchParams) }).end();
    } else if (pathname === '/token') {
      await this.#token(request, response);
    } else if (pathname === '/userinfo' && this.userinfo) {
      json(response, 200, this.userinfo());
    } else response.writeHead(404).end();
  }

  #discovery() {
    const origin = this.#options.origin ?? this.url;
    return {
      issuer: this.issuer,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      jwks_uri: `${origin}/keys`,
      ...(this.userinfo && { userinfo_endpoint: `${origin}/userinfo` }),
      response_types_supported: ['code'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['ES256', 'RS256', 'PS384', 'EdDSA'],
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    };
  }

  #authorize(asked: URLSearchParams): string {
    const text = (name: string) => asked.get(name) ?? '';
    const code = randomBytes(8).toString('hex');
    this.#codes.set(code, {
      person: this.person,
      challenge: text('code_challenge'),
      nonce: text('nonce'),
      redirectUri: text('redirect_uri'),
    });
    const answer = new URL(text('redirect_uri'));
    answer.search = new URLSearchParams({ code, state: text('state') }).toString();
    this.answer(answer);
    return answer.href;
  }

  async #token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const given = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    const right =
      form.get('client_id') === plainClient.id &&
      form.get('client_secret') === plainClient.secret &&
      form.get('redirect_uri') === given?.redirectUri &&
      createHash('sha256').update(verifier).digest('base64url') === given?.challenge;
    if (this.tokenAnswer) return json(response, this.tokenAnswer.status, this.tokenAnswer.body);
    if (!given || !right) return json(response, 400, { error: 'invalid_grant' });
    const idToken = await this.#sign(given);
    json(response, 200, { access_token: 'opaque', token_type: 'Bearer', id_token: idToken });
  }

  async #sign({ person, nonce }: Given): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims: Claims = {
      ...{ iss: this.issuer, aud: plainClient.id, iat: now, exp: now + 300, nonce },
      ...person,
    };
    this.tamper(claims);
    const [{ kid } = {}] = this.#published;
    const token = new SignJWT(claims).setProtectedHeader({ alg: this.#alg, kid });
    const signed = await token.sign(this.#key as CryptoKey);
    return this.forge(signed, this.#published[0] as JWK);
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
