import type { Connection } from './connections.store.ts';
import type { UpstreamIdentity } from './connector.ts';
import { upstreamFailed, upstreamRefused } from './failure.ts';

type Claims = Readonly<Record<string, unknown>>;
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
  const entra = isEntra(rules.issuer);
  const identity: UpstreamIdentity = {
    connection: rules.id,
    issuer: rules.issuer,
    subject: entra ? entraSubject(rules.issuer, claims) : subjectOf(claims),
    email: textOf(claims, mapping.email ?? 'email')?.slice(0, 320),
    emailVerified: !entra && String(claims.email_verified) === 'true',
    name: textOf(claims, mapping.name ?? 'name'),
    picture: textOf(claims, mapping.picture ?? 'picture'),
    locale: textOf(claims, 'locale'),
    handleHint: textOf(claims, mapping.handle ?? 'preferred_username')?.replace(/@.*$/s, ''),
    groups: groupsOf(claims, mapping.groups ?? 'groups'),
    sid: textOf(claims, 'sid'),
  };
  assertAdmitted(rules, identity);
  return identity;
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

function assertAdmitted(
  { allowedGroups, allowedEmailDomains }: Rules,
  { email, emailVerified, groups = [] }: UpstreamIdentity,
): void {
  if (allowedGroups.length > 0 && !groups.some((group) => allowedGroups.includes(group))) {
    throw upstreamRefused('The person is in none of the allowed groups.');
  }
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
  const value = claimAt(claims, path);
  return typeof value === 'string' && value !== '' ? value.slice(0, 2000) : undefined;
}

function groupsOf(claims: Claims, path: string): string[] | undefined {
  const value = claimAt(claims, path);
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return undefined;
  return value.filter((group): group is string => typeof group === 'string').slice(0, 500);
}
