import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import {
  Strategy,
  type StrategyOptionsWithRequest,
  type VerifyCallback,
} from 'passport-google-oauth20';
import { z } from 'zod';
import type { Connector, ExpectedAnswer, UpstreamIdentity } from './connector.ts';
import { upstreamFailed } from './failure.ts';
import { keptRequests, type PassportRequest, pinned, throughPassport } from './passport.ts';

export type GoogleOptions = {
  clientId: string;
  clientSecret: string;
  authorizationUrl: string;
  tokenUrl: string;
  jwksUrl: string;
  issuer: string;
};

const claimsSchema = z.object({
  sub: z.string().min(1).max(255),
  nonce: z.string(),
  azp: z.string().optional(),
  email: z.string().max(320).optional(),
  email_verified: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
  name: z.string().optional(),
  picture: z.string().optional(),
  locale: z.string().optional(),
  hd: z.string().optional(),
});

/** Sign-in with Google: passport's strategy asks and redeems, and we verify what comes back. */
export function createGoogle(options: GoogleOptions): Connector {
  const { issuer } = options;
  const strategy = new GoogleStrategy(options, verifierOf(options));
  return throughPassport({ id: 'google', name: 'Google', issuer, strategy });
}

type Verify = (idToken: string, expected: ExpectedAnswer) => Promise<UpstreamIdentity>;

class GoogleStrategy extends Strategy {
  constructor(
    { clientId, clientSecret, authorizationUrl, tokenUrl }: GoogleOptions,
    verify: Verify,
  ) {
    const options: StrategyOptionsWithRequest = {
      clientID: clientId,
      clientSecret,
      authorizationURL: authorizationUrl,
      tokenURL: tokenUrl,
      scope: ['openid', 'email', 'profile'],
      // What the ID token says is signed; the profile endpoint would only repeat it.
      skipUserProfile: true,
      store: keptRequests as unknown as StrategyOptionsWithRequest['store'],
      passReqToCallback: true,
    };
    const verified = (
      request: unknown,
      _access: string,
      _refresh: string,
      { id_token }: { id_token?: string },
      _profile: unknown,
      done: VerifyCallback,
    ) => {
      const { expected } = request as Required<PassportRequest>;
      verify(String(id_token), expected).then((identity) => done(null, identity), done);
    };
    super(options, verified);
  }

  override authorizationParams(options: object): object {
    return { ...super.authorizationParams(options), ...pinned(options) };
  }
}

function verifierOf(options: GoogleOptions): Verify {
  const keys = createRemoteJWKSet(new URL(options.jwksUrl), { cooldownDuration: 1000 });
  return async (idToken, expected) => {
    const { payload } = await jwtVerify(idToken, keys, {
      // Naming the one that Google uses keeps out `none` and HMACs made with a public key.
      algorithms: ['RS256'],
      issuer: [options.issuer, options.issuer.replace(/^https:\/\//, '')],
      audience: options.clientId,
      requiredClaims: ['exp', 'iat'],
      clockTolerance: 30,
    }).catch((cause) => {
      throw upstreamFailed('The ID token of Google is not valid.', cause);
    });
    return identityOf(payload, options, expected);
  };
}

/**
 * Google's "Verify the Google ID token": of other addresses it once saw a proof, but whoever has the
 * mailbox now may be somebody else. They are proved by a code of ours.
 */
function isAuthoritative({
  email = '',
  email_verified,
  hd,
}: z.infer<typeof claimsSchema>): boolean {
  return String(email_verified) === 'true' && (/@gmail\.com$/i.test(email) || Boolean(hd));
}

function identityOf(
  payload: JWTPayload,
  { clientId, issuer }: GoogleOptions,
  expected: ExpectedAnswer,
): UpstreamIdentity {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) throw upstreamFailed('The ID token of Google lacks claims.', parsed.error);
  const claims = parsed.data;
  if (claims.nonce !== expected.nonce) throw upstreamFailed('The ID token is for another request.');
  if (claims.azp !== undefined && claims.azp !== clientId) {
    throw upstreamFailed('The ID token is for another application.');
  }
  return {
    connection: 'google',
    issuer,
    subject: claims.sub,
    email: claims.email,
    emailVerified: isAuthoritative(claims),
    name: claims.name,
    picture: claims.picture,
    locale: claims.locale,
    hostedDomain: claims.hd ?? null,
  };
}
