import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

export type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

type Options = { method?: string; headers?: Record<string, string>; body?: string };

const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' };

/** One provider, reached at one port or, as behind a load balancer, at several in turn. */
export class Site {
  readonly origin: string;
  readonly #host: string;
  readonly #ports: readonly number[];
  readonly #agent = new Agent({ keepAlive: true });
  #turn = 0;

  constructor(origin: string, ports: readonly number[]) {
    this.origin = origin;
    this.#host = new URL(origin).host;
    this.#ports = ports;
  }

  async fetch(path: string, { method = 'GET', headers = {}, body }: Options = {}): Promise<Answer> {
    const port = this.#ports[this.#turn++ % this.#ports.length];
    const attempt = request({
      agent: this.#agent,
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: {
        host: this.#host,
        ...headers,
        ...(body === undefined ? undefined : { 'content-length': Buffer.byteLength(body) }),
      },
    });
    attempt.end(body);
    const [answer]: [IncomingMessage] = (await once(attempt, 'response')) as [IncomingMessage];
    answer.setEncoding('utf8');
    let text = '';
    for await (const chunk of answer) text += chunk;
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: text };
  }

  post(path: string, form: Record<string, string>, headers: Record<string, string> = {}) {
    const body = new URLSearchParams(form).toString();
    return this.fetch(path, { method: 'POST', body, headers: { ...formHeaders, ...headers } });
  }

  close(): void {
    this.#agent.destroy();
  }
}

export type Page = {
  status: number;
  body: string;
  /** Where the browser is now; beyond the site for an answer to the application. */
  url: URL;
};

/** Keeps cookies and follows redirects as far as the site goes. One request at a time. */
export class Browser {
  readonly #site: Site;
  readonly #headers: Record<string, string>;
  readonly #cookies = new Map<string, string>();

  /** @param address whom the trusted proxy says this is */
  constructor(site: Site, address: string) {
    this.#site = site;
    this.#headers = {
      accept: 'text/html',
      'accept-language': 'en',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Bench/1.0',
      'x-forwarded-for': address,
    };
  }

  open(path: string): Promise<Page> {
    return this.#go(path, this.#site.fetch(path, { headers: this.#cookieHeaders() }));
  }

  submit(path: string, form: Record<string, string>): Promise<Page> {
    return this.#go(path, this.#site.post(path, form, this.#cookieHeaders()));
  }

  async #go(path: string, first: Promise<Answer>): Promise<Page> {
    let answer = await first;
    let url = new URL(path, this.#site.origin);
    for (;;) {
      this.#keep(answer.headers['set-cookie']);
      const { location } = answer.headers;
      if (!location) return { status: answer.status, body: answer.body, url };
      url = new URL(location, url);
      if (url.origin !== this.#site.origin) return { status: answer.status, body: '', url };
      answer = await this.#site.fetch(url.pathname + url.search, {
        headers: this.#cookieHeaders(),
      });
    }
  }

  #cookieHeaders(): Record<string, string> {
    const pairs = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length > 0 ? { ...this.#headers, cookie: pairs.join('; ') } : this.#headers;
  }

  /** By name alone: these sites set no two cookies of one name, and one flow runs at a time. */
  #keep(lines: readonly string[] = []): void {
    for (const line of lines) {
      const end = line.indexOf(';');
      const equals = line.indexOf('=');
      const value = line.slice(equals + 1, end < 0 ? undefined : end);
      if (value === '') this.#cookies.delete(line.slice(0, equals));
      else this.#cookies.set(line.slice(0, equals), value);
    }
  }
}
