import { compactVerify, createLocalJWKSet, decodeJwt, type JWK } from 'jose';
import type Provider from 'oidc-provider';
import { z } from 'zod';

/** A logout token is signed by the same keys, and none of these. */
const headerSchema = z.object({ typ: z.literal('JWT').optional() });

/**
 * An `id_token_hint` is an ID token that we once signed for this client. It may have expired (OIDC
 * Core §3.1.2.1, RP-Initiated Logout 1.0 §2), and its key may have been replaced since: a session
 * lasts longer than a key is published, and the library knows the published ones only.
 */
export function acceptEarlierIdTokens(provider: Provider, keys: JWK[]): void {
  const ours = createLocalJWKSet({ keys });
  provider.IdToken.validate = async (token, client) => {
    const { protectedHeader: header } = await compactVerify(token, ours);
    headerSchema.parse(header);
    const payload = decodeJwt(token);
    z.object({
      iss: z.literal(provider.issuer),
      aud: z.literal(client.clientId),
      sub: z.string(),
    }).parse(payload);
    return { header, payload };
  };
}
