import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose';
import type { Context } from 'koa';
import { z } from 'zod';
import { proofAlgorithms } from '../oidc/features.ts';
import { dpopProofSeconds } from '../oidc/replay.ts';

const claimsSchema = z.object({
  jti: z.string().min(1),
  iat: z.number(),
  htm: z.string(),
  htu: z.string(),
  ath: z.string(),
});

export type Proof = {
  /** Of the key that made it (RFC 7638). */
  thumbprint: string;
  jti: string;
};

/**
 * The proof that whoever brings an access token has a key (RFC 9449 §4.3), made for this very request;
 * not whether it is the right key, nor whether the proof was used before.
 */
export async function readProof(
  ctx: Context,
  token: string,
  publicUrl: string,
): Promise<Proof | undefined> {
  try {
    const { payload, protectedHeader } = await jwtVerify(ctx.get('dpop'), EmbeddedJWK, {
      algorithms: [...proofAlgorithms],
      typ: 'dpop+jwt',
    });
    const { jti, iat, htm, htu, ath } = claimsSchema.parse(payload);
    const target = new URL(htu);
    target.search = target.hash = '';
    const fits =
      htm === ctx.method &&
      target.href === new URL(ctx.path, publicUrl).href &&
      ath === createHash('sha256').update(token).digest('base64url') &&
      Math.abs(Date.now() / 1000 - iat) <= dpopProofSeconds;
    if (!fits) return undefined;
    return { thumbprint: await calculateJwkThumbprint(protectedHeader.jwk as JWK), jti };
  } catch {
    return undefined;
  }
}
