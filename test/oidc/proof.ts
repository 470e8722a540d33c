import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';

export type ProofOf = {
  url: string;
  method?: string;
  /** The access token that it comes with. */
  token?: string;
  nonce?: string;
  jti?: string;
  /** Seconds since 1970. */
  iat?: number;
};

export type ProofKey = {
  thumbprint: string;
  /** A proof of possession (RFC 9449 §4.2), as a client would make it. */
  prove(of: ProofOf): Promise<string>;
};

export async function newProofKey(): Promise<ProofKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    prove: ({ url, method = 'GET', token, nonce, jti = randomUUID(), iat }) =>
      new SignJWT({
        ...{ jti, htu: url, htm: method, nonce },
        ath: token && createHash('sha256').update(token).digest('base64url'),
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt(iat)
        .sign(privateKey),
  };
}
