import { createHmac, randomBytes } from 'node:crypto';

/** A name that no person can take as a handle: those begin with a letter. */
const localpart = '-openmeet-id';

/**
 * Makes the server admin that this service acts as, by Synapse's shared-secret registration: the
 * HMAC proves that we may, the nonce is used once.
 * @returns an access token, shown once
 * @throws Error with Synapse's words, as when the user exists already
 */
export async function registerAdmin(url: string, sharedSecret: string): Promise<string> {
  const endpoint = new URL('/_synapse/admin/v1/register', url);
  const { nonce } = (await (await fetch(endpoint)).json()) as { nonce: string };
  const password = randomBytes(32).toString('base64url');
  const mac = createHmac('sha1', sharedSecret)
    .update([nonce, localpart, password, 'admin'].join('\0'))
    .digest('hex');
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nonce, username: localpart, password, mac, admin: true }),
  });
  const { access_token: token, error } = (await answer.json()) as Record<string, string>;
  if (!token) throw new Error(`Synapse made no admin: ${error}`);
  return token;
}
