import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Connector, ExpectedAnswer, UpstreamIdentity } from './connector.ts';
import { upstreamFailed, upstreamTurnedAway } from './failure.ts';
import { GoogleStrategy } from './google-strategy.ts';

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

/** Sign-in with Google: passport asks and redeems, and we verify what comes back. */
export function createGoogle(options: GoogleOptions): Connector {
  const strategy = new GoogleStrategy(options);
  const keys = createRemoteJWKSet(new URL(options.jwksUrl), { cooldownDuration: 1000 });
  return {
    id: 'google',
    name: 'Google',
    begin: (request) => strategy.authorizationUrl(request),
    async finish(callback, expected) {
      assertAnswer(callback, options.issuer);
      const idToken = await strategy.redeem(callback, expected);
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
    },
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

/** Google names itself in its answers (RFC 9207): one that names another is not for us. */
function assertAnswer({ searchParams }: URL, issuer: string): void {
  const named = searchParams.get('iss');
  if (named !== null && named !== issuer) throw upstreamFailed('The answer names another issuer.');
  const error = searchParams.get('error');
  const refusal = { params: searchParams };
  if (error === 'access_denied') throw upstreamTurnedAway(refusal);
  if (error !== null) throw upstreamFailed('Google answered with an error.', refusal);
  if (!searchParams.get('code')) throw upstreamFailed('The answer holds no code.');
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
