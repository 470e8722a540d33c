import type { Queryable } from '../database/database.ts';
import { pendingTotp } from '../factors/totp.ts';
import type { KeyRing } from '../secrets/keyring.ts';
import { brandOf } from '../tenants/pages.ts';
import type { Tenant } from '../tenants/tenant.entity.ts';

/**
 * What a page shows of an app that is being set up; undefined where none is (any more).
 *
 * @param owner what the app calls the account at this tenant, where that has no handle yet
 */
export async function enrolmentShown(
  { database, ring }: { database: Queryable; ring: KeyRing },
  owner: { id: string; handle: string | null; name: string; begunBy: string },
  tenant: Tenant,
): Promise<{ picture: string; secret: string; app: string } | undefined> {
  const names = {
    // A colon ends the issuer for some apps.
    issuer: brandOf(tenant).name.replaceAll(':', ' '),
    label: owner.handle ? `@${owner.handle}` : owner.name.replaceAll(':', ' '),
  };
  const enrolment = await pendingTotp(
    database,
    { accountId: owner.id, begunBy: owner.begunBy },
    names,
    ring,
  );
  return (
    enrolment && {
      picture: `data:image/svg+xml,${encodeURIComponent(enrolment.picture)}`,
      secret: enrolment.secret.match(/.{1,4}/g)?.join(' ') ?? '',
      app: enrolment.uri.replace('otpauth://', ''),
    }
  );
}
