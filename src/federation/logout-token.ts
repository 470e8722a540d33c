import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Connection } from './connections/connections.store.ts';
import type { EndedUpstream } from './connector.ts';
import { isEntra } from './openid-claims.ts';

const event = 'http://schemas.openid.net/event/backchannel-logout';

/** Whatever providers sign with; no HMAC, as their keys are public. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
];

const claimsSchema = z
  .object({
    sub: z.string().min(1).optional(),
    sid: z.string().min(1).optional(),
    jti: z.string().min(1).max(200),
    events: z.looseObject({ [event]: z.looseObject({}) }),
    // Forbidden, so that no ID token can be taken for a logout token.
    nonce: z.undefined().optional(),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined);

/**
 * OIDC Back-Channel Logout 1.0 §2.6, but for its replay: the caller lets each `id` count once.
 *
 * @throws whatever is wrong with it
 */
export async function verifyLogout(
  token: string,
  {
    connection,
    uri,
    fetch,
  }: { connection: Connection; uri: string; fetch: typeof globalThis.fetch },
): Promise<Pick<EndedUpstream, 'id' | 'subject' | 'sid'>> {
  const keys = createRemoteJWKSet(new URL(uri), { [customFetch]: fetch });
  const { payload } = await jwtVerify(token, keys, {
    algorithms,
    issuer: connection.issuer,
    audience: connection.clientId,
    maxTokenAge: '5 minutes',
    clockTolerance: 30,
  });
  const { jti: id, sub, sid } = claimsSchema.parse(payload);
  // Entra's subject is not what we know people by.
  if (isEntra(connection.issuer)) return { id, sid: sid ?? '' };
  return { id, subject: sub, sid };
}
