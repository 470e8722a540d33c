import { EntitySchema } from 'typeorm';
import type { Branding } from './branding.ts';

export type SignUpPolicy = 'open' | 'closed' | 'domains';

/** Documents to accept at sign-up; acceptance is recorded by version. */
export type Terms = { version: string; termsUrl?: string; privacyUrl?: string };

/** A community or organisation: the wall around its accounts. */
export type Tenant = {
  id: string;
  slug: string;
  name: string;
  status: 'active' | 'suspended';
  signUp: SignUpPolicy;
  /** With `signUp: 'domains'`, the email domains that may sign up. */
  signUpDomains: string[];
  /** Whether newcomers whom nobody invited wait until the operator lets them in. */
  signUpApproval: boolean;
  /** Whether a sign-up that names no tenant may choose it. */
  offered: boolean;
  isDefault: boolean;
  branding: Branding;
  terms: Terms | null;
  /** Languages it offers, first one preferred; empty means all. */
  languages: string[];
  /** Ids of the ways to sign in with others that it offers, in order; null means all. */
  ways: string[] | null;
  /** Whether nobody has an account without a proved address. */
  emailRequired: boolean;
  /** From when on nobody signs in by one step alone; null where that is theirs to choose. */
  mfaRequiredFrom: Date | null;
  createdAt: Date;
  updatedAt: Date;
};

export const tenantEntity = new EntitySchema<Tenant>({
  name: 'Tenant',
  tableName: 'tenants',
  columns: {
    id: { type: 'uuid', primary: true },
    slug: { type: 'text' },
    name: { type: 'text' },
    status: { type: 'text' },
    signUp: { type: 'text', name: 'sign_up' },
    signUpDomains: { type: 'text', array: true, name: 'sign_up_domains' },
    signUpApproval: { type: 'boolean', name: 'sign_up_approval' },
    offered: { type: 'boolean' },
    isDefault: { type: 'boolean', name: 'is_default' },
    branding: { type: 'jsonb' },
    terms: { type: 'jsonb', nullable: true },
    languages: { type: 'text', array: true },
    ways: { type: 'text', array: true, nullable: true },
    emailRequired: { type: 'boolean', name: 'email_required' },
    mfaRequiredFrom: { type: 'timestamptz', name: 'mfa_required_from', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at', createDate: true },
    updatedAt: { type: 'timestamptz', name: 'updated_at', updateDate: true },
  },
});
