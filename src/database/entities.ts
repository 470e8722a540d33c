import type { EntitySchema } from 'typeorm';
import { invitationEntity } from '../admission/invitation.entity.ts';
import { clientEntity } from '../clients/client.entity.ts';
import { connectionEntity } from '../federation/connections/connection.entity.ts';
import { tenantEntity } from '../tenants/tenant.entity.ts';

/** Tables whose rows are objects that somebody edits: what is not on the way of a sign-in. */
export const entities = [
  tenantEntity,
  clientEntity,
  connectionEntity,
  invitationEntity,
] as EntitySchema[];
