import { AppError } from '../errors.ts';
import { requireTenant } from '../tenants/find.ts';
import { defaultTenant } from '../tenants/tenants.store.ts';
import type { Target } from './target.ts';

/** The one that was named, or the default tenant. @throws AppError `tenant_not_found` (404) */
export async function requestedTenant(
  { database }: Pick<Target, 'database'>,
  name: string | undefined,
) {
  const slug = name ?? (await defaultTenant(database))?.slug;
  if (slug === undefined) throw new AppError('tenant_not_found');
  return requireTenant(database, slug);
}
