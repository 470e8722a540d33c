import {
  buildAtprotoLoopbackClientMetadata,
  JoseKey,
  NodeOAuthClient,
  type OAuthClientMetadataInput,
} from '@atproto/oauth-client-node';
import type { JWK } from 'jose';
import { keysInUse, loadClientKeys } from '../client-keys.ts';
import { type BlueskyOptions, isConfidential, publishedMetadata, scope } from './metadata.ts';
import { handleResolver } from './resolver.ts';
import { requestLock, requestStore, sessionStore } from './stores.ts';

function clientMetadata(options: BlueskyOptions): OAuthClientMetadataInput {
  if (isConfidential(options)) return publishedMetadata(options);
  return buildAtprotoLoopbackClientMetadata({ scope, redirect_uris: [options.callbackUrl] });
}

/** The library's client, made anew when our keys have changed, in whatever instance. */
export class BlueskyClient {
  readonly #options: BlueskyOptions;
  #made?: { client: NodeOAuthClient; kids: string };

  constructor(options: BlueskyOptions) {
    this.#options = options;
  }

  async current(): Promise<NodeOAuthClient> {
    const keys = isConfidential(this.#options)
      ? keysInUse(await loadClientKeys(this.#options))
      : undefined;
    const kids = keys?.map(({ kid }) => kid).join() ?? '';
    if (this.#made?.kids !== kids) this.#made = { client: await this.#make(keys), kids };
    return this.#made.client;
  }

  async #make(keys: JWK[] | undefined): Promise<NodeOAuthClient> {
    const { fetch, allowHttp, plcUrl } = this.#options;
    return new NodeOAuthClient({
      clientMetadata: clientMetadata(this.#options),
      keyset: keys && (await Promise.all(keys.map((jwk) => JoseKey.fromJWK({ ...jwk })))),
      stateStore: requestStore(this.#options),
      sessionStore: sessionStore(this.#options),
      requestLock: requestLock(this.#options),
      handleResolver: handleResolver(fetch, this.#options.handleResolver),
      plcDirectoryUrl: plcUrl,
      fetch,
      allowHttp,
    });
  }
}
