/**
 * What every mail needs to be rendered. The words are `mail.<name>.*` of the messages; a mail holds
 * at most one code and one button. The parameters have been through the outbox as JSON: dates are
 * ISO 8601 text, and they are checked again before they are shown.
 */
import { z } from 'zod';

/** Around every mail: which community and application, and roughly which device asked for it. */
const frame = z.object({
  brand: z.object({
    name: z.string(),
    /** `#rrggbb`; the accent of the light scheme is computed from it. */
    accent: z.string().optional(),
    url: z.string().optional(),
  }),
  application: z.string().optional(),
  /** As the browser sent it; shown as "Firefox, Linux". */
  userAgent: z.string().optional(),
  address: z.string().optional(),
  at: z.iso.datetime().optional(),
});

const code = z.object({ code: z.string(), minutes: z.number() });
/** Where the button leads. */
const link = z.object({ link: z.url({ protocol: /^https?$/ }).optional() });

export const mailSchemas = {
  code: frame.extend({
    ...code.shape,
    ...link.shape,
    purpose: z.enum(['sign-in', 'sign-up', 'recovery', 'email-change', 'confirm']),
  }),
  'known-address-at-sign-up': frame.extend({ ...code.shape, ...link.shape }),
  /** Nothing to enter: the change does not happen. */
  'known-address-at-email-change': frame,
  /** Without a code where the community is not open for new accounts. */
  'unknown-address-at-sign-in': frame.extend({ ...code.partial().shape, ...link.shape }),
  recovery: frame.extend({ ...code.shape, ...link.shape }),
  /** To the old and to the new address; `email` is the new one, masked. */
  'email-changed': frame.extend({ ...link.shape, email: z.string() }),
  'password-changed': frame.extend(link.shape),
  'identity-added': frame.extend({ ...link.shape, provider: z.string() }),
  'identity-removed': frame.extend({ ...link.shape, provider: z.string() }),
  'factors-changed': frame.extend({
    ...link.shape,
    change: z.enum([
      ...(['totp_added', 'totp_removed'] as const),
      ...(['recovery_codes_made', 'recovery_code_used'] as const),
      ...(['passkey_added', 'passkey_removed'] as const),
      ...(['factors_reset', 'factors_given_up'] as const),
    ]),
    /** Of the recovery codes, where one was used. */
    left: z.number().optional(),
  }),
  /** The button calls it off. */
  'factors-lost': frame.extend({ ...link.shape, due: z.iso.datetime() }),
  'new-sign-in': frame.extend(link.shape),
  'accounts-merged': frame.extend({ ...link.shape, kept: z.string(), dropped: z.string() }),
  'account-deleted': frame,
  /** Works until then. */
  invitation: frame.extend({ ...link.shape, until: z.iso.datetime() }),
  'sign-up-approved': frame.extend(link.shape),
  'sign-up-refused': frame,
} as const;

export type MailName = keyof typeof mailSchemas;
export type Mails = { [Name in MailName]: z.input<(typeof mailSchemas)[Name]> };
export type MailFrame = z.input<typeof frame>;
/** A template with the parameters that it takes. */
export type Mail = { [Name in MailName]: { template: Name; params: Mails[Name] } }[MailName];

const asked = {
  brand: { name: 'Acme Community', accent: '#0a7d5a', url: 'https://acme.example/' },
  application: 'Element',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0',
  address: '192.0.2.7',
  at: '2026-05-04T12:30:00.000Z',
};
const plain = { brand: { name: 'OpenMeet' } };
const usual = { code: '481204', minutes: 15 };
const url = 'https://id.acme.example/recover?token=AbCdEf';

export const mailSamples: { readonly [Name in MailName]: readonly Mails[Name][] } = {
  code: [
    { ...asked, ...usual, purpose: 'sign-in' },
    { ...asked, ...usual, purpose: 'sign-up' },
    { ...plain, ...usual, purpose: 'recovery', link: url },
    { ...plain, ...usual, purpose: 'email-change' },
    { ...plain, ...usual, purpose: 'confirm' },
  ],
  'known-address-at-sign-up': [{ ...asked, ...usual }],
  'known-address-at-email-change': [asked],
  'unknown-address-at-sign-in': [{ ...asked, ...usual }, asked],
  recovery: [{ ...asked, ...usual, link: url }],
  'email-changed': [
    { ...asked, email: 'n•••@example.com', link: 'https://id.acme.example/account' },
  ],
  'identity-added': [{ ...asked, provider: 'Google', link: 'https://id.acme.example/account' }],
  'identity-removed': [{ ...asked, provider: 'Lincoln High' }],
  'password-changed': [{ ...asked, link: 'https://id.acme.example/account' }, plain],
  'factors-changed': [
    { ...asked, change: 'totp_added', link: 'https://id.acme.example/account' },
    { ...asked, change: 'totp_removed', link: 'https://id.acme.example/account' },
    { ...asked, change: 'recovery_codes_made' },
    { ...plain, change: 'factors_reset' },
    { ...asked, change: 'passkey_added', link: 'https://id.acme.example/account' },
    { ...asked, change: 'passkey_removed' },
    { ...asked, change: 'recovery_code_used', left: 2, link: 'https://id.acme.example/account' },
  ],
  'factors-lost': [{ ...asked, due: '2026-05-05T12:30:00.000Z', link: url }],
  'new-sign-in': [{ ...asked, link: 'https://id.acme.example/account' }],
  'accounts-merged': [
    { ...asked, kept: '@ada', dropped: '@ada.l', link: 'https://id.acme.example/account' },
  ],
  'account-deleted': [asked],
  invitation: [
    {
      ...plain,
      link: 'https://id.acme.example/invitation?token=AbCdEf',
      until: '2026-05-11T12:30:00.000Z',
    },
  ],
  'sign-up-approved': [{ ...plain, link: 'https://id.acme.example/account?tenant=acme' }],
  'sign-up-refused': [plain],
};
