import { AppError } from '../../errors.ts';
import { defaultTenant } from '../../tenants/tenants.store.ts';
import type { Cli } from '../run.ts';
import { requireTenant } from '../tenants/find.ts';

/** The one that was named, or the default tenant. @throws AppError `tenant_not_found` (404) */
export async function tenantMeant({ database }: Pick<Cli, 'database'>, name: string | undefined) {
  const slug = name ?? (await defaultTenant(database))?.slug;
  if (slug === undefined) throw new AppError('tenant_not_found');
  return requireTenant(database, slug);
}
