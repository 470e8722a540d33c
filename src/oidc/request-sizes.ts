import { errors, type KoaContextWithOIDC } from 'oidc-provider';

/** In bytes: what a request may bring along that is kept until somebody has signed in. */
const requestSizes = { parameter: 2048, together: 8192, jwt: 16_384 };

const jwts = new Set(['request', 'id_token_hint']);

/**
 * With the library's last checks of an authorization request, pushed or not: here its parameters are
 * also those of a request object.
 *
 * @throws InvalidRequest
 */
export function limitSizes({ oidc, query }: KoaContextWithOIDC): void {
  const object = oidc.body?.request ?? query.request;
  let together = 0;
  for (const [name, value] of Object.entries({ ...oidc.params, request: object })) {
    const bytes = Buffer.byteLength([value ?? ''].flat().join());
    if (!jwts.has(name)) together += bytes;
    const limit = jwts.has(name) ? requestSizes.jwt : requestSizes.parameter;
    if (bytes > limit) throw new errors.InvalidRequest(`${name} has more than ${limit} bytes`);
  }
  if (together <= requestSizes.together) return;
  throw new errors.InvalidRequest(`the request has more than ${requestSizes.together} bytes`);
}
