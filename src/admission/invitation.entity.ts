import { EntitySchema } from 'typeorm';

export type Invitation = {
  id: string;
  tenantId: string;
  tenant: string;
  uses: number;
  usesLeft: number;
  /** Only for whoever proves this address. */
  email: string | null;
  emailKey: string | null;
  /** Kept for whoever comes by it. */
  handle: string | null;
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
  state: 'open' | 'used_up' | 'expired' | 'revoked';
};

/** Without its token: that is only ever looked for. */
export const invitationEntity = new EntitySchema<Omit<Invitation, 'tenant' | 'state'>>({
  name: 'Invitation',
  tableName: 'invitations',
  columns: {
    id: { type: 'uuid', primary: true },
    tenantId: { type: 'uuid', name: 'tenant_id' },
    uses: { type: 'integer' },
    usesLeft: { type: 'integer', name: 'uses_left' },
    email: { type: 'text', nullable: true },
    emailKey: { type: 'text', name: 'email_key', nullable: true },
    handle: { type: 'text', nullable: true },
    createdBy: { type: 'text', name: 'created_by' },
    createdAt: { type: 'timestamptz', name: 'created_at', createDate: true },
    expiresAt: { type: 'timestamptz', name: 'expires_at' },
    revokedAt: { type: 'timestamptz', name: 'revoked_at', nullable: true },
  },
});
