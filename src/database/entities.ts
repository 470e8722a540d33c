import type { EntitySchema } from 'typeorm';
import { tenantEntity } from '../tenants/tenant.entity.ts';

/** Tables that are edited as objects. Everything on the way of a sign-in uses SQL of its own. */
export const entities: EntitySchema[] = [tenantEntity as EntitySchema];
