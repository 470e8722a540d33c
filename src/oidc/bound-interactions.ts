import type { Context } from 'koa';
import Provider from 'oidc-provider';
import { type BrowserParts, browserOf, knownBrowser } from './browser.ts';
import { isIsolated } from './isolated-session.ts';

type Interaction = InstanceType<Provider['Interaction']>;
type Bound = Interaction & {
  browser?: string;
  deviceCode?: string;
  result?: { handoff?: boolean };
};

/** Where the library takes up an interaction that our pages have answered. */
const waysBack = new Set(['resume', 'device_resume']);

/**
 * An interaction belongs to the browser that began it. The library knows that browser by cookies that
 * are bound to a path, so they can have no `__Host-` and a neighbouring host can plant them; and on the
 * way back it looks at nothing but such a cookie. So what it loads there is judged here, by the route
 * that it has found: the interaction must be the one that the address names, of this very browser and
 * kind (a device's is no client's), and a hand-off must be served in an isolated session.
 */
export function bindInteractions(provider: Provider, parts: BrowserParts): void {
  const { Interaction } = provider;
  const { IN_PAYLOAD } = Interaction;
  const find = Interaction.find as (id: string, options?: object) => Promise<Bound | undefined>;
  const { save } = Interaction.prototype;
  Object.defineProperty(Interaction, 'IN_PAYLOAD', { value: [...IN_PAYLOAD, 'browser'] });
  Interaction.prototype.save = function saveBound(this: Bound, ttl) {
    const { ctx } = Provider;
    if (ctx) this.browser ??= browserOf(ctx as unknown as Context, parts);
    return save.call(this, ttl);
  };
  Interaction.find = async function findMeant(id: string, options?: object) {
    const found = await find.call(this, id, options);
    const { ctx } = Provider;
    if (!found || !ctx || !waysBack.has(ctx.oidc.route)) return found;
    const isDevices = ctx.oidc.route === 'device_resume';
    if ((found.deviceCode !== undefined) !== isDevices) return undefined;
    return isMeant(found, ctx as unknown as Context, parts) ? found : undefined;
  } as typeof Interaction.find;
}

function isMeant(found: Bound, ctx: Context, parts: BrowserParts): boolean {
  return (
    found.uid === ctx.params.uid &&
    isOf(found, knownBrowser(ctx, parts)) &&
    (found.result?.handoff === true) === isIsolated()
  );
}

/** Whether it was this browser that began it. */
export function isOf(interaction: Interaction, browser: string | undefined): boolean {
  return browser !== undefined && (interaction as Bound).browser === browser;
}
