import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { readForm, validate } from '../../http/forms.ts';
import { tenantByName } from '../../tenants/tenants.store.ts';
import type { Finishing } from '../needs.ts';
import { receive } from './admission.ts';
import { accountsOfProvedAddress } from './code.ts';
import { newcomerTo } from './person.ts';
import { proved } from './proved.ts';
import { chooseTenant } from './sign-ins.store.ts';
import { communitiesToJoin } from './sign-up.ts';
import type { Step } from './step.ts';
import { accountsOfUpstream, finishAsKnown } from './upstream-arrival.ts';
import { type UpstreamFacts, upstreamOf } from './upstream-person.ts';

const form = z.object({ tenant: z.string().min(1).max(100) });

/** After a code: in which of the communities that know the address, or which one to join. */
export async function showCommunities(step: Step<'connectors' | 'ring'>): Promise<void> {
  const facts = upstreamOf(step);
  if (!step.signIn.provedAt && !facts) return step.redirect(step.url());
  const accounts = facts
    ? await accountsOfUpstream(step, facts)
    : await accountsOfProvedAddress(step);
  const communities =
    accounts.length > 0
      ? accounts.map((account) => ({
          slug: account.tenantSlug,
          name: account.tenantName,
          handle: account.handle ?? '',
        }))
      : (await communitiesToJoin(step)).map((tenant) => ({ ...tenant, handle: '' }));
  step.show('choose-community', { action: step.url('community'), communities });
}

export async function submitCommunity(step: Step<Finishing>): Promise<void> {
  const { parts, signIn } = step;
  const facts = upstreamOf(step);
  if (!signIn.provedAt && !facts) return step.redirect(step.url());
  const { tenant: slug } = validate(form, await readForm(step.ctx));
  if (facts) return arriveAt(step, facts, slug);
  const accounts = await accountsOfProvedAddress(step);
  const account = accounts.find(({ tenantSlug }) => tenantSlug === slug);
  if (account && signIn.intent === 'recovery') {
    await chooseTenant(parts.database, signIn.id, account.tenantId);
    return step.redirect(step.url('new-password'));
  }
  if (account) return proved(step, account.id, 'otp');
  const offered = (await communitiesToJoin(step)).some((community) => community.slug === slug);
  const tenant = offered && accounts.length === 0 ? await tenantByName(parts.database, slug) : null;
  if (!tenant) throw new AppError('community_unknown');
  const person = newcomerTo(step, tenant);
  return person ? receive(step, person) : step.redirect(step.url());
}

/** The same for somebody whom another provider sent: with the community chosen, they arrive again. */
async function arriveAt(step: Step<Finishing>, facts: UpstreamFacts, slug: string): Promise<void> {
  const { parts, signIn } = step;
  // What was learned at a tenant's own provider counts there alone.
  if (step.tenant) throw new AppError('community_unknown');
  const accounts = await accountsOfUpstream(step, facts);
  const account = accounts.find(({ tenantSlug }) => tenantSlug === slug);
  if (account) return finishAsKnown(step, facts, account);
  const offered = (await communitiesToJoin(step)).some((community) => community.slug === slug);
  const tenant = offered && accounts.length === 0 ? await tenantByName(parts.database, slug) : null;
  if (!tenant) throw new AppError('community_unknown');
  await chooseTenant(parts.database, signIn.id, tenant.id);
  return step.redirect(step.url('arrived'));
}
