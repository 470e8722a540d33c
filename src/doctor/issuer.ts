import { z } from 'zod';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { publishedKeys } from '../oidc/keys.store.ts';
import { type Finding, failure, fetchJson, look, ok } from './finding.ts';

const metadata = z.object({ issuer: z.string(), jwks_uri: z.string() });
const jwks = z.object({ keys: z.array(z.object({ kid: z.string() })) });

const mend =
  'Start the service, and let PUBLIC_URL and the reverse proxy lead to it, also from this machine.';

/** The service as Synapse and browsers see it: by its public address. */
export function examineIssuer(config: Config, database: Database): Promise<Finding[]> {
  return look('issuer', mend, async () => {
    const url = `${config.issuer}/.well-known/openid-configuration`;
    const found = metadata.parse(await fetchJson(url));
    if (found.issuer !== config.issuer) {
      return failure(
        'issuer',
        `${url} says that the issuer is ${found.issuer}.`,
        'Give the service and this command the same PUBLIC_URL.',
      );
    }
    return [
      ok('issuer', `Answers at ${config.issuer} and says so.`),
      await published(database, found.jwks_uri),
    ];
  });
}

async function published(database: Database, jwksUri: string): Promise<Finding> {
  const { keys } = jwks.parse(await fetchJson(jwksUri));
  const expected = (await publishedKeys(database)).map(({ kid }) => kid);
  const missing = expected.filter((kid) => !keys.some((key) => key.kid === kid));
  if (missing.length === 0) return ok('jwks', `Publishes all ${keys.length} keys.`);
  return failure(
    'jwks',
    `${jwksUri} lacks the key ${missing.join(', ')}.`,
    'After a rotation wait ten seconds. Else the service there has another database than this.',
  );
}
