import type { OAuthClientMetadataInput } from '@atproto/oauth-client-node';
import { jwksPath } from '../client-keys.ts';
import type { Vault } from './stores.ts';

export type BlueskyOptions = Vault & {
  /** Our own origin. */
  publicUrl: string;
  /** Where people come back to. */
  callbackUrl: string;
  plcUrl: string;
  /** Service to ask for handles, instead of DNS and the handle's own host. */
  handleResolver?: string;
  /** Guarded: it is given whatever addresses people name. */
  fetch: typeof fetch;
  /** Whether servers may be reached by plain http, where `fetch` lets that through. */
  allowHttp: boolean;
};

/** The email is a suggestion to be proved by code, so that its being refused costs nothing. */
export const scope = 'atproto transition:email';

export const metadataPath = '/oauth/client-metadata.json';

/** Servers of strangers can only know us by documents at an https address of ours. */
export function isConfidential({ publicUrl }: Pick<BlueskyOptions, 'publicUrl'>): boolean {
  return publicUrl.startsWith('https:');
}

/** Whether Bluesky can work here: as a loopback client it returns to 127.0.0.1, never localhost. */
export function canOfferBluesky(publicUrl: string): boolean {
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === 'https:' || hostname === '127.0.0.1' || hostname === '[::1]';
}

/** What a confidential client publishes about itself. */
export function publishedMetadata({
  publicUrl,
  callbackUrl,
}: Pick<BlueskyOptions, 'publicUrl' | 'callbackUrl'>): OAuthClientMetadataInput {
  return {
    client_id: new URL(metadataPath, publicUrl).href as `https://${string}`,
    client_name: new URL(publicUrl).host,
    client_uri: publicUrl as `https://${string}`,
    redirect_uris: [callbackUrl as `https://${string}`],
    // No refresh tokens: nothing is done with an account once its owner is known.
    grant_types: ['authorization_code'],
    response_types: ['code'],
    scope,
    application_type: 'web',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    dpop_bound_access_tokens: true,
    jwks_uri: new URL(jwksPath, publicUrl).href as `https://${string}`,
  };
}
