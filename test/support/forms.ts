import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { CookieJar } from './cookies.ts';
import { type Choice, Page, type Submission } from './page.ts';

export type VisitorOptions = {
  /** Addresses that are not fetched, such as a client's redirect URI: the page has status 0. */
  stopAt?: (url: URL) => boolean;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** Address of 127.0.0.0/8 that requests come from. */
  localAddress?: string;
};

type Request = {
  url: URL;
  method: string;
  /** The page that leads there; none when a person types the address. */
  from?: URL;
  body?: string;
  headers?: Record<string, string>;
};

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

type SiteRelation = 'none' | 'same-origin' | 'same-site' | 'cross-site';

const redirects = [301, 302, 303, 307, 308];
const formType = 'application/x-www-form-urlencoded';

/** A person with a browser that keeps cookies, follows redirects and sends forms; no scripts. */
export class Visitor {
  readonly cookies = new CookieJar();
  /** Every address asked for, in order. */
  readonly visited: URL[] = [];
  readonly #options: VisitorOptions;

  constructor(options: VisitorOptions = {}) {
    this.#options = options;
  }

  /** As if the address was typed, or clicked on the page `from`. */
  open(url: string | URL, { from }: { from?: Page } = {}): Promise<Page> {
    return this.#follow({ url: new URL(url), method: 'GET', from: from?.url });
  }

  /** Presses the link with this text. */
  async click(page: Page, text: string | RegExp): Promise<Page> {
    return this.open(page.link(text), { from: page });
  }

  /** Fills in a form of the page by the names of its fields and sends it. */
  async submit(
    page: Page,
    values: Record<string, string> = {},
    choice: Choice = {},
  ): Promise<Page> {
    return this.send(page.fill(values, choice), page);
  }

  send({ url, method, fields }: Submission, from?: Page): Promise<Page> {
    if (method === 'POST') {
      return this.#follow({ url, method, from: from?.url, body: fields.toString() });
    }
    const target = new URL(url);
    target.search = fields.toString();
    return this.#follow({ url: target, method, from: from?.url });
  }

  /** One request, without following where it leads. */
  async fetch(url: string | URL, init: Partial<Omit<Request, 'url'>> = {}): Promise<Page> {
    const target = new URL(url);
    const answer = await this.#request({ method: 'GET', ...init, url: target }, 'none');
    return new Page(target, answer.status, answer.headers, answer.body);
  }

  async #follow(first: Request): Promise<Page> {
    let next = first;
    let site = siteOf(first.from, first.url);
    for (let hops = 0; hops < 20; hops++) {
      if (this.#options.stopAt?.(next.url)) return new Page(next.url, 0, {}, '');
      const { status, headers, body } = await this.#request(next, site);
      const { location } = headers;
      if (!redirects.includes(status) || !location)
        return new Page(next.url, status, headers, body);
      const url = new URL(location, next.url);
      const keepsMethod = status === 307 || status === 308;
      next = keepsMethod ? { ...next, url } : { url, method: 'GET', from: next.from };
      // One foreign hop makes the rest of the way foreign.
      if (site !== 'none') site = furthest(site, siteOf(first.from, url));
    }
    throw new Error(`More than 20 redirects from ${first.url.href}`);
  }

  async #request({ url, method, from, body, headers }: Request, site: SiteRelation) {
    this.visited.push(url);
    const foreignForm = method !== 'GET' && site === 'cross-site';
    const cookie = this.cookies.headerFor(url, { foreignForm });
    const attempt = request(url, {
      method,
      agent: false,
      localAddress: this.#options.localAddress,
      headers: {
        accept: 'text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8',
        'accept-language': 'en',
        'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Visitor/1.0',
        'sec-fetch-site': site,
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        ...(cookie ? { cookie } : {}),
        ...(body === undefined ? {} : formHeaders(body, site, from)),
        ...this.#options.headers,
        ...headers,
      },
    });
    attempt.end(body);
    const [answer]: IncomingMessage[] = await once(attempt, 'response');
    if (!answer) throw new Error(`No answer from ${url.href}`);
    this.cookies.keep(url, answer.headers['set-cookie']);
    const result: Answer = {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      body: await text(answer),
    };
    return result;
  }
}

function formHeaders(body: string, site: SiteRelation, from?: URL): Record<string, string> {
  return {
    'content-type': formType,
    'content-length': `${Buffer.byteLength(body)}`,
    ...(from ? { origin: from.origin } : {}),
    // Our pages ask for the referrer policy `same-origin`.
    ...(from && site === 'same-origin' ? { referer: from.href } : {}),
  };
}

/** As the header Sec-Fetch-Site tells it; ports do not make another site. */
function siteOf(from: URL | undefined, to: URL): SiteRelation {
  if (!from) return 'none';
  if (from.origin === to.origin) return 'same-origin';
  const sameSite = from.protocol === to.protocol && from.hostname === to.hostname;
  return sameSite ? 'same-site' : 'cross-site';
}

function furthest(a: SiteRelation, b: SiteRelation): SiteRelation {
  const order: SiteRelation[] = ['none', 'same-origin', 'same-site', 'cross-site'];
  return order.indexOf(a) > order.indexOf(b) ? a : b;
}
