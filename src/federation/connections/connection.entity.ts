import { EntitySchema } from 'typeorm';

export const authMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;

export type AuthMethod = (typeof authMethods)[number];

/** Which claim of the provider says what, where it is not the usual one. */
export type ClaimMapping = {
  name?: string;
  email?: string;
  /** The operator's word that nobody can choose what stands in the claim mapped as `email`. */
  emailVouched?: true;
  picture?: string;
  groups?: string;
  handle?: string;
};

/** A tenant's own OpenID provider. */
export type Connection = {
  id: string;
  tenantId: string;
  name: string;
  issuer: string;
  clientId: string;
  authMethod: AuthMethod;
  /** None for public clients, and for those that sign with our client keys. */
  secretSealed: string | null;
  scopes: string[];
  claims: ClaimMapping;
  /** Whoever is in none of them is refused; empty admits all. */
  allowedGroups: string[];
  allowedEmailDomains: string[];
  /** The operator's word that it has asked for more than one factor where it says so. */
  mfaTrusted: boolean;
  disabledAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
};

export const connectionEntity = new EntitySchema<Connection>({
  name: 'Connection',
  tableName: 'connections',
  columns: {
    id: { type: 'text', primary: true },
    tenantId: { type: 'uuid', name: 'tenant_id' },
    name: { type: 'text' },
    issuer: { type: 'text' },
    clientId: { type: 'text', name: 'client_id' },
    authMethod: { type: 'text', name: 'token_endpoint_auth_method' },
    secretSealed: { type: 'text', name: 'secret_sealed', nullable: true },
    scopes: { type: 'text', array: true },
    claims: { type: 'jsonb' },
    allowedGroups: { type: 'text', array: true, name: 'allowed_groups' },
    allowedEmailDomains: { type: 'text', array: true, name: 'allowed_email_domains' },
    mfaTrusted: { type: 'boolean', name: 'mfa_trusted' },
    disabledAt: { type: 'timestamptz', name: 'disabled_at', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at', createDate: true },
    updatedAt: { type: 'timestamptz', name: 'updated_at', updateDate: true },
  },
});
