import type { Tenant } from '../tenants/tenant.entity.ts';

/** What is proved of somebody who wants to join. */
export type Proof = {
  /** Empty where no address is proved. */
  emailKey: string;
  /** Null or a domain where their provider tells which organisation knows them. */
  hostedDomain?: string | null;
};

export type Refusal = 'sign_up_closed' | 'sign_up_domain';

/**
 * Why a tenant does not take somebody whom nobody invited. Where their provider tells which
 * organisation knows them, the address alone does not admit them: anyone may have one at a domain
 * for a while.
 */
export function refusalOf(
  tenant: Pick<Tenant, 'status' | 'signUp' | 'signUpDomains'>,
  { emailKey, hostedDomain }: Proof,
): Refusal | undefined {
  if (tenant.status !== 'active' || tenant.signUp === 'closed') return 'sign_up_closed';
  if (tenant.signUp !== 'domains') return undefined;
  const domains = [emailKey.slice(emailKey.lastIndexOf('@') + 1)];
  if (hostedDomain !== undefined) domains.push(hostedDomain?.toLowerCase() ?? '');
  const admitted = domains.every((domain) => tenant.signUpDomains.includes(domain));
  return admitted ? undefined : 'sign_up_domain';
}
