import { type Configuration, errors } from 'oidc-provider';

/** An assertion is remembered until it expires, so it must not be for ever, in seconds. */
const longestLife = 24 * 3600;

type Check = NonNullable<Configuration['assertJwtClientAuthClaimsAndHeader']>;

/**
 * Only the issuer as audience, and as a string (FAPI 2.0 Security Profile §5.3.2.1,
 * draft-ietf-oauth-rfc7523bis): with the address of an endpoint, or with others beside it, another
 * server could be led to ask for an assertion that works here.
 *
 * @throws InvalidClientAuth
 */
export const checkClientAssertion: Check = async (ctx, { aud, exp }) => {
  if (aud !== ctx.oidc.provider.issuer) {
    throw new errors.InvalidClientAuth('audience (aud) must be the issuer, as a string');
  }
  if (Number(exp) > Date.now() / 1000 + longestLife) {
    throw new errors.InvalidClientAuth('expiration (exp) must be within a day');
  }
};
