import type { Service } from '../../test/support/service.ts';

type Client = { id: string; secret: string };

/** What a platform does with our internal API. */
export class PlatformApi {
  readonly #service: Service;
  readonly #token: string;

  private constructor(service: Service, token: string) {
    this.#service = service;
    this.#token = token;
  }

  static async open(service: Service, { id, secret }: Client): Promise<PlatformApi> {
    const response = await fetch(`${service.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    return new PlatformApi(service, token);
  }

  /** @throws Error with our words for any answer but 2xx */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.#service.url}/internal${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }
}
