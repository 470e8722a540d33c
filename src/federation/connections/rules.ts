import { isIP } from 'node:net';
import { AppError } from '../../errors.ts';
import { isDisplayName } from '../../text/display-name.ts';
import { trimUnseen } from '../../text/unseen.ts';
import { isEntra } from '../openid-claims.ts';
import type { ClaimMapping, Connection } from './connections.store.ts';

/** Ids that ways to sign in have, or that stand for something else in an address. */
const reservedIds = new Set(['google', 'bluesky', 'email', 'password', 'passkey', 'signed-in']);

/** Providers that everybody shares: nobody may speak in their names. */
const sharedHosts = new Set(['accounts.google.com', 'google.com', 'www.google.com']);

const mappable = ['name', 'email', 'picture', 'groups', 'handle'] as const;

/** @throws AppError `connection_id_invalid` */
export function checkId(id: string): void {
  if (/^(?=.{2,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) && !reservedIds.has(id)) return;
  throw new AppError('connection_id_invalid', {
    message: `"${id}" cannot be used: 2 to 40 small letters, digits and single hyphens, a letter first, and none of ${[...reservedIds].join(', ')}.`,
  });
}

/**
 * @param others connections that exist, of any tenant
 * @throws AppError `issuer_invalid`, `issuer_taken` (409)
 */
export function checkIssuer(
  issuer: string,
  { ownUrl, tenantId, shared, others }: IssuerRules,
): void {
  const url = URL.parse(issuer);
  const plain = url && !url.search && !url.hash && !url.username && !url.password;
  if (!plain || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw issuerInvalid('It must be an https:// address without query and fragment.');
  }
  if (url.origin === new URL(ownUrl).origin) throw issuerInvalid('It is this service itself.');
  if (sharedHosts.has(url.hostname) || url.hostname.endsWith('.google.com')) {
    throw issuerInvalid('Google has settings of its own: see docs/federation-google.md.');
  }
  if (url.protocol === 'http:' && !isIP(url.hostname) && url.hostname !== 'localhost') {
    throw issuerInvalid('Only https:// can be trusted.');
  }
  const taken = others.some((other) => other.issuer === issuer && other.tenantId !== tenantId);
  if (taken && !shared) {
    throw new AppError('issuer_taken', {
      message: `A connection of another tenant has the issuer ${issuer}. With --shared both may use it; their people stay apart.`,
    });
  }
}

type IssuerRules = {
  ownUrl: string;
  tenantId: string;
  shared?: boolean;
  others: readonly Connection[];
};

/**
 * Which claims say what, as somebody gave it.
 *
 * @throws AppError `claim_invalid`
 */
export function checkedMapping(claims: Readonly<Record<string, string>>): ClaimMapping {
  const mapping: ClaimMapping = {};
  for (const [name, path] of Object.entries(claims)) {
    const known = mappable.find((candidate) => candidate === name);
    if (!known || !/^[\w.:/-]{1,200}$/.test(path)) throw claimInvalid(`${name}=${path}`);
    mapping[known] = path;
  }
  return mapping;
}

export function claimInvalid(claim: string): AppError {
  return new AppError('claim_invalid', {
    message: `"${claim}" is no mapping: give ${mappable.join(', ')} = the name of a claim, such as name=displayName.`,
  });
}

/**
 * Without `openid` there is no ID token, and nobody to sign in.
 *
 * @throws AppError `connection_invalid` for what is no scope (RFC 6749 §3.3)
 */
export function checkedScopes(scopes: readonly string[]): string[] {
  const odd = scopes.find((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(scope));
  if (odd === undefined) return [...new Set(['openid', ...scopes])];
  throw new AppError('connection_invalid', { message: `"${odd}" is no scope.` });
}

/** @throws AppError `connection_invalid` */
export function checkedGroups(groups: readonly string[]): string[] {
  const odd = groups.find((group) => !isDisplayName(group, 255));
  if (odd === undefined) return [...new Set(groups)];
  throw new AppError('connection_invalid', { message: `"${odd}" cannot be a group.` });
}

/** @throws AppError `connection_invalid` */
export function checkedDomains(domains: readonly string[]): string[] {
  const odd = domains.find((domain) => !/^(?:[a-z0-9-]+\.)+[a-z0-9-]{2,}$/.test(domain));
  if (odd === undefined) return [...new Set(domains)];
  throw new AppError('connection_invalid', { message: `"${odd}" is no domain of addresses.` });
}

/**
 * The mapping with the operator's word that addresses in the mapped claim are proved. It is about that
 * claim: whoever maps another has to give it again.
 *
 * @throws AppError `vouch_invalid` where there is nothing to vouch for
 */
export function withVouch(
  { emailVouched: _before, ...mapping }: ClaimMapping,
  vouched: boolean | undefined,
  issuer: string,
): ClaimMapping {
  if (!vouched) return mapping;
  if (isEntra(issuer)) {
    throw new AppError('vouch_invalid', {
      message: 'Nobody can vouch for addresses of Entra ID: its administrators can set any.',
    });
  }
  if (mapping.email === undefined || mapping.email === 'email') {
    throw new AppError('vouch_invalid', {
      message:
        '--vouch-for-email is for a claim that was mapped as email; for its own claim “email” the provider says by email_verified what is proved.',
    });
  }
  return { ...mapping, emailVouched: true };
}

function issuerInvalid(message: string): AppError {
  return new AppError('issuer_invalid', { message: `The issuer cannot be used. ${message}` });
}

/** On the button of the sign-in page. @throws AppError `name_invalid` */
export function buttonName(typed: string): string {
  const name = trimUnseen(typed);
  if (isDisplayName(name, 60)) return name;
  throw new AppError('name_invalid', {
    message: 'A name has 1 to 60 characters, all of which can be seen.',
  });
}
