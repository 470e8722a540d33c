import { domainToASCII } from 'node:url';
import { AppError } from '../errors.ts';

// Nothing that could end an address, begin another, or quote its way out of either.
const localPart = /^[^\s\p{C}"(),:;<>@[\\\]]{1,64}$/u;
const domain = /^(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/;

/**
 * The one address that a text stands for, its domain in ASCII.
 *
 * @throws AppError `mail_recipient_invalid` for none, for several, and for anything but a plain one
 */
export function oneAddress(text: string): string {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const host = domainToASCII(text.slice(at + 1));
  if (!localPart.test(local) || !domain.test(host)) throw new AppError('mail_recipient_invalid');
  return `${local}@${host}`;
}

/** What a cap counts: `Ann+club@Example.org` and `ann@example.org` are one mailbox. */
export function mailbox(address: string): string {
  return oneAddress(address)
    .toLowerCase()
    .replace(/(?<=.)\+.*(?=@)/, '');
}
