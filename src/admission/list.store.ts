import { type Authority, ofTenants } from '../authority/authority.ts';
import type { Queryable } from '../database/database.ts';
import { type Condition, type Cursor, type Page, readPage } from '../database/keyset.ts';
import { type Invitation, invitationColumns } from './invitations.store.ts';
import { type RequestState, requestColumns, type SignUpRequest } from './sign-up-requests.store.ts';

type Wanted = { descending: boolean; after?: Cursor; limit: number };

/** The invitations to the tenants that somebody administers, by time. */
export function listInvitationsOf(
  db: Queryable,
  authority: Authority,
  filters: { tenantId?: string },
  wanted: Wanted,
): Promise<Page<Invitation>> {
  return readPage<Invitation>(
    db,
    {
      columns: invitationColumns,
      from: 'invitations i join tenants t on t.id = i.tenant_id',
      id: { column: 'i.id', type: 'uuid' },
      sorting: { by: 'i.created_at', type: 'timestamptz' },
      descending: wanted.descending,
      where: ofTenants('i.tenant_id', authority, filters.tenantId),
    },
    wanted,
  );
}

/** The requests to join the tenants that somebody administers, by time. */
export function listRequestsOf(
  db: Queryable,
  authority: Authority,
  filters: { tenantId?: string; state?: RequestState },
  wanted: Wanted,
): Promise<Page<SignUpRequest>> {
  const inState: Condition[] = filters.state ? [['r.state = ?', filters.state]] : [];
  return readPage<SignUpRequest>(
    db,
    {
      columns: requestColumns,
      from: 'sign_up_requests r join tenants t on t.id = r.tenant_id',
      id: { column: 'r.id', type: 'uuid' },
      sorting: { by: 'r.created_at', type: 'timestamptz' },
      descending: wanted.descending,
      where: [
        ...ofTenants('r.tenant_id', authority, filters.tenantId),
        ['r.expires_at > now()'],
        ...inState,
      ],
    },
    wanted,
  );
}
