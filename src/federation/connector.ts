import { upstreamFailed } from './failure.ts';

/**
 * Who somebody is elsewhere, as far as that place proved it. What is undefined was not said, which
 * takes nothing back that was said before.
 */
export type UpstreamIdentity = {
  /** Id of the connection: `google`, `bluesky`, or that of a tenant's own provider. */
  connection: string;
  issuer: string;
  /** Never changes and is never given to somebody else there; a person is found by nothing else. */
  subject: string;
  email?: string;
  /** Whether the upstream itself vouches for `email`. */
  emailVerified: boolean;
  name?: string;
  /** An https URL, not yet fetched by anyone; empty where the upstream says that there is none. */
  picture?: string;
  locale?: string;
  /** What the person is called there, such as a Bluesky handle: an idea for a handle here. */
  handleHint?: string;
  /**
   * The organisation that the account belongs to, where the upstream tells (Google's `hd`); null
   * where it tells that there is none. What admits by domain asks for this, not for the address.
   */
  hostedDomain?: string | null;
  /** It has asked for more than one factor, and the operator believes it. */
  multiFactor?: boolean;
  /** The upstream's session, named in its back-channel logout. */
  sid?: string;
};

/** What a sign-in elsewhere is started with. The secrets are fresh for each. */
export type UpstreamRequest = {
  state: string;
  nonce: string;
  /** RFC 7636; the challenge is S256. */
  codeVerifier: string;
  redirectUri: string;
  loginHint?: string;
  uiLocales?: string;
  prompt?: string;
  /** What the person typed on our page, such as a Bluesky handle. */
  input?: string;
};

/** What the answer must match: the request it belongs to, which is used up by then. */
export type ExpectedAnswer = {
  state: string;
  nonce: string;
  codeVerifier: string;
  redirectUri: string;
};

/**
 * A connector whose library is loaded when somebody first uses it: together they would take a
 * quarter of the memory of a process that nobody signs in to with them.
 */
export function onFirstUse(
  { id, name, emailDomains }: Pick<Connector, 'id' | 'name' | 'emailDomains'>,
  load: () => Promise<Connector>,
): Connector {
  let loading: Promise<Connector> | undefined;
  const loaded = async () => {
    loading ??= load();
    return loading;
  };
  return {
    id,
    name,
    emailDomains,
    begin: async (request) => (await loaded()).begin(request),
    finish: async (callback, expected) => (await loaded()).finish(callback, expected),
    async logout(token) {
      const connector = await loaded();
      if (!connector.logout) throw upstreamFailed(`${id} sends no logouts.`);
      return connector.logout(token);
    },
  };
}

/** One session there, or all of a person's; `id` is that of the message, which counts once. */
export type EndedUpstream = { id: string; issuer: string; subject?: string; sid?: string };

/** One way to sign in with somebody else's account. */
export interface Connector {
  /** Part of every identity found through it: never changes. */
  readonly id: string;
  /** As its button says. */
  readonly name: string;
  /** Of a tenant's own provider: whose addresses it takes, none for all. Others have no such list. */
  readonly emailDomains?: readonly string[];

  /**
   * @returns where to send the browser
   * @throws AppError `upstream_failed` (502), or a code of its own for a bad `input` (422)
   */
  begin(request: UpstreamRequest): Promise<URL>;

  /**
   * Verifies everything that the upstream said.
   *
   * @throws AppError `upstream_cancelled` (400) where the person turned back, `upstream_refused`
   *   (403) where policy keeps them out, `upstream_failed` (502) for all else
   */
  finish(callback: URL, expected: ExpectedAnswer): Promise<UpstreamIdentity>;

  /**
   * Whose sessions a logout token ends, where the place sends such (OIDC Back-Channel Logout 1.0).
   *
   * @throws AppError `upstream_failed` (502) for one that is not valid
   */
  logout?(token: string): Promise<EndedUpstream>;
}
