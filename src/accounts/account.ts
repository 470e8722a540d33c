export type AccountStatus = 'active' | 'disabled' | 'deleted';

/** A person in one tenant. Its id is the `sub` of every token. */
export type Account = {
  readonly id: string;
  readonly tenantId: string;
  readonly status: AccountStatus;
  readonly name: string;
  readonly email: string | null;
  /** Only of a proved address: see `EmailAddress`. */
  readonly emailKey: string | null;
  readonly emailVerified: boolean;
  readonly picture: string | null;
  readonly locale: string | null;
  readonly hasPassword: boolean;
  readonly matrixAccess: 'active' | 'revoked';
  /** Whether it was the operator who took it away. */
  readonly matrixRevokedByOperator: boolean;
  readonly platformUserId: string | null;
  readonly platformSlug: string | null;
  readonly roles: readonly string[];
  /** Those of the roles that a platform gave; the others are the operator's. */
  readonly platformRoles: readonly string[];
  /** When a role of an administrator was last taken from it, by whomever. */
  readonly administratorEndedAt: Date | null;
  readonly groups: readonly string[];
  readonly lastSignInAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The active handle; accounts that are being made or were deleted have none. */
  readonly handle: string | null;
};
