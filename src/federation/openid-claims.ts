import { trimUnseen } from '../text/unseen.ts';
import type { Connection } from './connections/connections.store.ts';
import type { UpstreamIdentity } from './connector.ts';
import { upstreamFailed, upstreamRefused } from './failure.ts';

export type Claims = Readonly<Record<string, unknown>>;
type Rules = Pick<Connection, 'id' | 'issuer' | 'claims' | 'allowedGroups' | 'allowedEmailDomains'>;

/** Microsoft Entra ID: its `sub` differs by application, and its addresses are anything at all. */
const entraHosts = new Set([
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
  'sts.windows.net',
]);

/**
 * Who the claims of a provider say somebody is, by the connection's mapping.
 *
 * @param claims of a verified ID token, with those of userinfo behind them
 * @throws AppError `upstream_refused` (403) for whom the connection does not admit,
 *   `upstream_failed` (502) where the claims say nobody
 */
export function identityFrom(rules: Rules, claims: Claims): UpstreamIdentity {
  const { claims: mapping } = rules;
  const identity: UpstreamIdentity = {
    connection: rules.id,
    issuer: rules.issuer,
    subject: isEntra(rules.issuer) ? entraSubject(rules.issuer, claims) : subjectOf(claims),
    email: textOf(claims, mapping.email ?? 'email')?.slice(0, 320),
    emailVerified: isVerified(rules, claims),
    name: textOf(claims, mapping.name ?? 'name'),
    picture: pictureOf(claims, mapping.picture ?? 'picture'),
    locale: textOf(claims, 'locale'),
    handleHint: textOf(claims, mapping.handle ?? 'preferred_username')?.replace(/@.*$/s, ''),
    sid: stringOf(claims, 'sid'),
  };
  assertInGroup(rules, groupsOf(claims, mapping.groups ?? 'groups'));
  assertOfDomain(rules, identity);
  return identity;
}

const multiFactorAcr = 'https://refeds.org/profile/mfa';

/** Whether an ID token says that more than one factor was asked for (RFC 8176, REFEDS MFA). */
export function saysMultiFactor({ amr, acr }: Claims): boolean {
  return acr === multiFactorAcr || (Array.isArray(amr) && amr.includes('mfa'));
}

/**
 * All that a provider says, the ID token's word before userinfo's. That an address is verified counts
 * for the address beside which it was said.
 */
export function claimsOf(idToken: Claims, userinfo: Claims): Claims {
  const { email, email_verified } = userinfo;
  const said = { ...userinfo, ...idToken };
  if (idToken.email === undefined) return { ...said, email_verified };
  return email === idToken.email ? said : { ...said, email_verified: idToken.email_verified };
}

/**
 * Whether the address is proved. `email_verified` is about the claim `email` (OpenID Connect Core
 * §5.1) and says nothing of any other, which counts only where the operator vouches for it.
 */
function isVerified({ issuer, claims: { email, emailVouched } }: Rules, claims: Claims): boolean {
  if (isEntra(issuer)) return false;
  if (email !== undefined && email !== 'email') return emailVouched === true;
  return String(claims.email_verified) === 'true';
}

export function isEntra(issuer: string): boolean {
  return entraHosts.has(new URL(issuer).hostname);
}

function subjectOf({ sub }: Claims): string {
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) {
    throw upstreamFailed('The ID token has no usable subject.');
  }
  return sub;
}

/** Microsoft: the pair of directory and object is what tells people apart. */
function entraSubject(issuer: string, { tid, oid }: Claims): string {
  if (typeof tid !== 'string' || typeof oid !== 'string' || !tid || !oid) {
    throw upstreamFailed('The ID token of Entra lacks tid or oid.');
  }
  if (!new URL(issuer).pathname.split('/').includes(tid)) {
    throw upstreamFailed('The ID token is of another directory.');
  }
  return `${tid}/${oid}`;
}

/** By all of the groups, however many: they are judged here and kept nowhere. */
function assertInGroup({ allowedGroups }: Rules, groups: readonly string[] | undefined): void {
  if (allowedGroups.length === 0) return;
  if (!groups) throw upstreamRefused('The provider names no groups of the person.');
  const allowed = new Set(allowedGroups);
  if (!groups.some((group) => allowed.has(group))) {
    throw upstreamRefused('The person is in none of the allowed groups.');
  }
}

function assertOfDomain(
  { allowedEmailDomains }: Rules,
  { email, emailVerified }: UpstreamIdentity,
): void {
  if (allowedEmailDomains.length === 0) return;
  const domain = emailVerified && email?.slice(email.lastIndexOf('@') + 1).toLowerCase();
  if (!domain || !allowedEmailDomains.includes(domain)) {
    throw upstreamRefused('The person has no verified address of the allowed domains.');
  }
}

/** Some providers nest claims, as Keycloak does (`realm_access.roles`); a claim may hold a dot, too. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split('.').reduce<unknown>((value, name) => {
    const inner = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    return inner ? (value as Claims)[name] : undefined;
  }, claims);
}

function textOf(claims: Claims, path: string): string | undefined {
  return trimUnseen(stringOf(claims, path) ?? '') || undefined;
}

/** As it is: for what is only compared. */
function stringOf(claims: Claims, path: string): string | undefined {
  const value = claimAt(claims, path);
  return typeof value === 'string' && value !== '' ? value.slice(0, 2000) : undefined;
}

/** Null or empty says that there is none (against OpenID Connect Core §5.3.2, but it is done). */
function pictureOf(claims: Claims, path: string): string | undefined {
  const value = claimAt(claims, path);
  return value === null || value === '' ? '' : textOf(claims, path);
}

function groupsOf(claims: Claims, path: string): string[] | undefined {
  const value = claimAt(claims, path);
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return undefined;
  return value.filter((group): group is string => typeof group === 'string');
}
