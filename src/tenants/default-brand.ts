import type { Queryable } from '../database/database.ts';
import type { Tenant } from './tenant.entity.ts';
import { defaultTenant } from './tenants.store.ts';

/** Before any was seen: without colours, languages and terms of its own. */
const unknown: Tenant = {
  id: '00000000-0000-0000-0000-000000000000',
  slug: '',
  name: 'OpenMeet',
  status: 'active',
  signUp: 'closed',
  signUpDomains: [],
  signUpApproval: false,
  offered: false,
  isDefault: true,
  branding: {},
  terms: null,
  languages: [],
  ways: null,
  emailRequired: false,
  mfaRequiredFrom: null,
  createdAt: new Date(0),
  updatedAt: new Date(0),
};

/** In whose brand pages are shown that belong to no community, such as those of errors. */
export class DefaultBrand {
  readonly #db: Queryable;
  #seen = unknown;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** As it was seen last where the database is away: a page that says so must not need it. */
  async tenant(): Promise<Tenant> {
    try {
      this.#seen = (await defaultTenant(this.#db)) ?? this.#seen;
    } catch {
      // The error that is being shown says more.
    }
    return this.#seen;
  }
}
