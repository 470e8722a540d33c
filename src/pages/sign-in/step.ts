import type { Context } from 'koa';
import type { PageName, Pages } from '../../../views/registry.ts';
import type { Client } from '../../clients/clients.store.ts';
import { accountClientId } from '../../clients/own-clients.ts';
import { AppError } from '../../errors.ts';
import { withoutCookie } from '../../http/cookies.ts';
import { allowFormsTo, keepOpener } from '../../http/security-headers.ts';
import { anonymousLimits } from '../../oidc/anonymous-artifacts.ts';
import { isOf } from '../../oidc/bound-interactions.ts';
import { knownBrowser } from '../../oidc/browser.ts';
import { formTargets } from '../../oidc/form-targets.ts';
import { lifetimes } from '../../oidc/lifetimes.ts';
import { RowIds } from '../../oidc/row-ids.ts';
import type { Tenant } from '../../tenants/tenant.entity.ts';
import { defaultTenant, tenantById } from '../../tenants/tenants.store.ts';
import type { Needs, PageDependencies } from '../needs.ts';
import { findSignIn, type SignIn, startSignIn } from './sign-ins.store.ts';

type Details = InstanceType<PageDependencies['current']['provider']['Interaction']>;

/** What it takes to know where a sign-in stands, and to show a page of it. */
type Own =
  | ('clients' | 'current' | 'database' | 'fingerprints' | 'pages' | 'tenancy')
  | ('cookies' | 'secureCookies');

/**
 * One request of a sign-in: the interaction, who asks, for which tenant, and how far it has come.
 * `Step<'limits'>` is one to a page that needs the limits besides.
 */
export class Step<Name extends keyof PageDependencies = never> {
  readonly ctx: Context;
  readonly parts: Needs<Own | Name>;
  readonly details: Details;
  readonly client: Client;
  readonly signIn: SignIn;
  /** The tenant that was fixed when the sign-in started, or chosen since; undefined while open. */
  readonly tenant: Tenant | undefined;
  /** Whose colours the page wears. */
  readonly brand: Tenant;

  constructor(
    ctx: Context,
    parts: Needs<Own | Name>,
    state: Pick<Step, 'details' | 'client' | 'signIn' | 'tenant' | 'brand'>,
  ) {
    this.ctx = ctx;
    this.parts = parts;
    this.details = state.details;
    this.client = state.client;
    this.signIn = state.signIn;
    this.tenant = state.tenant;
    this.brand = state.brand;
  }

  /** Only the tenant that the request insists on: a choice can be taken back by starting anew. */
  get fixedTenant(): Tenant | undefined {
    return this.signIn.tenantFixed ? this.tenant : undefined;
  }

  get locale(): string {
    return this.parts.pages.language(this.ctx, this.brand, this.#uiLocales);
  }

  /** Who is asking. Our own account page is the community's, not one more application. */
  get application(): { name: string } | undefined {
    return this.client.id === accountClientId ? undefined : { name: this.client.name };
  }

  get #uiLocales(): string | undefined {
    const locales = this.details.params.ui_locales;
    return typeof locales === 'string' ? locales : undefined;
  }

  url(path = ''): string {
    return `/interaction/${this.details.uid}${path && `/${path}`}`;
  }

  /** @param to set where the form may end anywhere, not only at the application */
  show<Name extends PageName>(
    name: Name,
    page: Pages[Name],
    status = 200,
    to: { formTarget?: 'anywhere' } = {},
  ): void {
    allowFormsTo(this.ctx, to.formTarget ? undefined : this.#formTarget);
    this.parts.pages.show(this.ctx, name, page, {
      tenant: this.brand,
      application: this.application,
      uiLocales: this.#uiLocales,
      status,
    });
  }

  /** 303, so that the browser asks for the next page instead of posting the form again. */
  redirect(url: string): void {
    allowFormsTo(this.ctx, this.#formTarget);
    this.ctx.status = 303;
    this.ctx.redirect(url);
  }

  get #formTarget(): string | undefined {
    const { redirect_uri } = this.details.params;
    return formTargets(this.client, typeof redirect_uri === 'string' ? redirect_uri : undefined);
  }
}

/**
 * Loads the step that a request is about.
 *
 * @throws AppError `sign_in_expired` (400) when the interaction is over or of another browser
 */
export async function loadStep<Name extends keyof PageDependencies>(
  ctx: Context,
  uid: string,
  parts: Needs<Own | Name>,
): Promise<Step<Name>> {
  const { details, browser } = await interactionOf(ctx, uid, parts);
  const clientId = String(details.params.client_id);
  const client = await parts.clients.find(clientId);
  if (!client) throw new AppError('sign_in_expired');
  if (details.params.redirect_uri && clientId !== accountClientId) keepOpener(ctx);
  const id = new RowIds(parts.fingerprints).of(uid);
  const started = await findSignIn(parts.database, id);
  const fixed = started ? undefined : await fixedTenant(parts, details);
  const signIn =
    started ??
    (await startSignIn(
      parts.database,
      { id, browser, clientId, tenantId: fixed?.id ?? null, intent: 'sign-in' },
      details.lastSubmission ? lifetimes.Interaction : anonymousLimits.seconds,
    ));
  const tenant =
    fixed ?? (signIn.tenantId ? await tenantById(parts.database, signIn.tenantId) : undefined);
  const brand = tenant ?? ((await defaultTenant(parts.database)) as Tenant);
  return new Step<Name>(ctx, parts, { details, client, signIn, tenant, brand });
}

/**
 * Only the very one that the address names, in the browser that began it. Also one whose session has
 * ended since: see `isSwitched`.
 */
async function interactionOf(ctx: Context, uid: string, parts: Needs<Own>) {
  const { provider } = parts.current;
  const browser = knownBrowser(ctx, parts);
  const known = ctx.cookies.get(provider.cookieName('interaction'), { signed: true });
  const details = known === uid ? await provider.Interaction.find(uid) : undefined;
  if (!details || !browser || !isOf(details, browser)) {
    throw withoutCookie(ctx, 'sign_in_expired');
  }
  return { details, browser };
}

function fixedTenant(parts: Needs<Own>, { params }: Details): Promise<Tenant | undefined> {
  return parts.tenancy.tenantOf(String(params.client_id), params.tenant);
}
