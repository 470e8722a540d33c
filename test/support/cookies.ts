/** What a browser keeps of one Set-Cookie header. */
export type Cookie = {
  name: string;
  value: string;
  host: string;
  path: string;
  secure: boolean;
  httpOnly: boolean;
  sameSite?: string;
  /** Milliseconds since the epoch; without it the cookie goes with the browser. */
  expires?: number;
};

/** Host-only cookies as in RFC 6265. As in browsers, all ports of a host share them. */
export class CookieJar {
  #cookies: Cookie[] = [];

  get all(): readonly Cookie[] {
    return this.#cookies;
  }

  find(name: string): Cookie | undefined {
    return this.#cookies.find((cookie) => cookie.name === name);
  }

  /**
   * The Cookie header for a request to `url`, the most specific paths first.
   * @param order `foreignForm` is set for a form that another site sends: `SameSite` stays at home
   */
  headerFor(url: URL, { foreignForm = false }: { foreignForm?: boolean } = {}): string {
    return this.#cookies
      .filter(({ sameSite }) => !foreignForm || sameSite === 'none')
      .filter((cookie) => cookie.host === url.hostname && pathMatches(url.pathname, cookie.path))
      .filter((cookie) => !cookie.secure || isTrustworthy(url))
      .filter(({ expires = Number.POSITIVE_INFINITY }) => expires > Date.now())
      .sort((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  keep(url: URL, headers: string[] = []): void {
    for (const header of headers) {
      const cookie = parseSetCookie(url, header);
      if (!cookie || (cookie.secure && !isTrustworthy(url))) continue;
      this.#cookies = this.#cookies.filter((old) => !isSame(old, cookie));
      if ((cookie.expires ?? Number.POSITIVE_INFINITY) > Date.now()) this.#cookies.push(cookie);
    }
  }

  /** A cookie set by other means, as an attacker on a neighbouring name could. */
  set(url: string, header: string): void {
    this.keep(new URL(url), [header]);
  }

  clear(): void {
    this.#cookies = [];
  }
}

function parseSetCookie(url: URL, header: string): Cookie | undefined {
  const [pair = '', ...attributes] = header.split(';').map((part) => part.trim());
  const equals = pair.indexOf('=');
  if (equals <= 0) return undefined;
  const given = new Map(
    attributes.map((attribute): [string, string] => {
      const [name = '', ...value] = attribute.split('=');
      return [name.toLowerCase(), value.join('=')];
    }),
  );
  const path = given.get('path');
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    host: url.hostname,
    path: path?.startsWith('/') ? path : defaultPath(url),
    secure: given.has('secure'),
    httpOnly: given.has('httponly'),
    sameSite: given.get('samesite')?.toLowerCase(),
    expires: expiryOf(given),
  };
}

function expiryOf(attributes: Map<string, string>): number | undefined {
  const maxAge = attributes.get('max-age');
  if (maxAge) return Date.now() + Number(maxAge) * 1000;
  const expires = attributes.get('expires');
  return expires ? Date.parse(expires) : undefined;
}

function defaultPath({ pathname }: URL): string {
  return pathname.slice(0, Math.max(1, pathname.lastIndexOf('/')));
}

function pathMatches(path: string, cookiePath: string): boolean {
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

function isSame(a: Cookie, b: Cookie): boolean {
  return a.name === b.name && a.host === b.host && a.path === b.path;
}

/** Browsers treat the loopback like https. */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || hostname === '127.0.0.1' || hostname === 'localhost';
}
