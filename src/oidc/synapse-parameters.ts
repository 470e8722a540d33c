import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ClientDirectory } from '../clients/directory.ts';

/**
 * Synapse passes parameters of its own addresses on to us where its provider block says so
 * (`passthrough_authorization_parameters`): it has no other way of telling what a sign-in is for.
 */
export const synapseParameters = {
  /** Of the page "Confirm that it's you" (user-interactive authentication), and of no other. */
  session: 'session',
  /** Of the Matrix client that asked for a sign-in, where Synapse shall send the person on to. */
  redirectUrl: 'redirectUrl',
} as const;

/** In characters. Without what is longer people can still sign in. */
const longest = 2000;

type Parts = { clients: ClientDirectory };

/** Only a Synapse has them, and they are never a reason to refuse a request. */
export function readSynapseParameters({ clients }: Parts) {
  const reader = (name: string) => async (ctx: KoaContextWithOIDC, value: string | undefined) => {
    const { params, client } = ctx.oidc;
    if (!params || value === undefined) return;
    const ofSynapse = (await clients.find(client?.clientId ?? ''))?.idpId;
    if (!ofSynapse || value.length > longest) params[name] = undefined;
  };
  const names = Object.values(synapseParameters);
  return Object.fromEntries(names.map((name) => [name, reader(name)]));
}

/** Whether a Matrix client wants to know that it is still the same person, before something grave. */
export function asksForConfirmation({ oidc }: KoaContextWithOIDC): boolean {
  return oidc.params?.[synapseParameters.session] !== undefined;
}

/**
 * Synapse gets them back with our answer. It does not read them, but "Try again" on its pages does
 * (`synapse/templates/try_again.html`): it begins anew what the person was about to do, in their own
 * client. RFC 6749 §4.1.2: a client ignores parameters that it does not know.
 */
export function returnSynapseParameters(provider: Provider): void {
  provider.use(async (ctx, next) => {
    await next();
    const { params } = (ctx as unknown as KoaContextWithOIDC).oidc ?? {};
    const back: string | undefined = ctx.response.get('location');
    const callback = params?.redirect_uri;
    if (typeof callback !== 'string' || !back?.startsWith(`${callback}?`)) return;
    const target = new URL(back);
    for (const name of Object.values(synapseParameters)) {
      const value = params?.[name];
      if (typeof value === 'string') target.searchParams.set(name, value);
    }
    ctx.set('location', target.href);
  });
}
