import { Resolver } from 'node:dns/promises';
import {
  AtprotoHandleResolver,
  type HandleResolver,
  XrpcHandleResolver,
} from '@atproto/oauth-client-node';

const dns = new Resolver({ timeout: 2000, tries: 2 });

/**
 * From a handle to a DID: by DNS and by https on the handle's own host, or by asking `service`,
 * which must be one that the operator chose.
 */
export function handleResolver(
  fetch: typeof globalThis.fetch,
  service: string | undefined,
): HandleResolver {
  if (service) return new XrpcHandleResolver(service, { fetch });
  return new AtprotoHandleResolver({ fetch, resolveTxt });
}

async function resolveTxt(name: string): Promise<string[] | null> {
  try {
    return (await dns.resolveTxt(name)).map((chunks) => chunks.join(''));
  } catch {
    // The other way to resolve a handle is asked at the same time.
    return null;
  }
}
