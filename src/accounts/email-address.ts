import { domainToASCII } from 'node:url';
import { trimUnseen } from '../text/unseen.ts';

export type EmailAddress = {
  /** As typed, in NFC, its domain in ASCII: safe to give to SMTP and to relying parties. */
  email: string;
  /** What addresses are compared by: lower case as well. */
  key: string;
};

/** RFC 5322 `dot-atom`, with the letters, marks and digits of any script (RFC 6532). */
const atom = "[\\p{L}\\p{M}\\p{N}!#$%&'*+/=?^_`{|}~-]+";
const localPart = new RegExp(`^${atom}(?:\\.${atom})*$`, 'u');
const typedDomain = /^[\p{L}\p{M}\p{N}.-]+$/u;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Exactly one plain addr-spec: no display name, list, comment, quoting, address literal or control
 * character gets through, so that what we compare is what every mail server will read. What was pasted
 * along unseen around it is forgiven.
 */
export function parseEmail(raw: string): EmailAddress | undefined {
  const typed = trimUnseen(raw).normalize('NFC');
  const at = typed.lastIndexOf('@');
  const local = typed.slice(0, at);
  if (at < 1 || Buffer.byteLength(local) > 64 || !localPart.test(local)) return undefined;
  const domain = parseDomain(typed.slice(at + 1));
  if (!domain) return undefined;
  const email = `${local}@${domain}`;
  // Some capitals have a lower case of several code points, so compose again.
  const key = `${local.toLowerCase().normalize('NFC')}@${domain}`;
  return Buffer.byteLength(email) <= 254 && Buffer.byteLength(key) <= 254
    ? { email, key }
    : undefined;
}

function parseDomain(typed: string): string | undefined {
  if (!typedDomain.test(typed)) return undefined;
  const domain = domainToASCII(typed);
  const labels = domain.split('.');
  const [top] = labels.slice(-1);
  // A numeric last label is an IP address to URL parsers and mail servers alike.
  if (labels.length < 2 || /^\d*$/.test(top as string)) return undefined;
  return labels.every((part) => label.test(part)) ? domain : undefined;
}

/** For telling people which address is meant without giving it away: `j•••@example.org`. */
export function maskEmail(email: string): string {
  const [first = ''] = email;
  return `${first}•••${email.slice(email.lastIndexOf('@'))}`;
}
