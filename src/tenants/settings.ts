import { domainToASCII } from 'node:url';
import { AppError } from '../errors.ts';
import { availableLanguages } from '../http/messages.ts';
import { isDisplayName } from '../text/display-name.ts';
import { trimUnseen } from '../text/unseen.ts';
import { type BrandSettings, brandingFrom, termsFrom } from './brand-settings.ts';
import type { SignUpPolicy, Tenant } from './tenant.entity.ts';

/** What can be said of a tenant; what is not said stays as it is. */
export type TenantSettings = BrandSettings & {
  name?: string;
  /** Its own, the primary one first. */
  domains?: readonly string[];
  /** Whose sign-ups belong to it. */
  emailDomains?: readonly string[];
  signUp?: SignUpPolicy;
  signUpDomains?: readonly string[];
  signUpApproval?: boolean;
  offered?: boolean;
  languages?: readonly string[];
  /** Null: all that are set up, also later ones. */
  ways?: readonly string[] | null;
  emailRequired?: boolean;
  /** `required` from so many days on, until which people may put it off. */
  mfa?: 'optional' | { requiredInDays: number };
};

export type StoredSettings = Pick<
  Tenant,
  | ('name' | 'signUp' | 'signUpDomains' | 'signUpApproval' | 'offered' | 'languages' | 'ways')
  | ('emailRequired' | 'mfaRequiredFrom' | 'branding' | 'terms')
>;

export const usualSettings: Omit<StoredSettings, 'name'> = {
  signUp: 'open',
  signUpDomains: [],
  signUpApproval: false,
  offered: false,
  languages: [],
  ways: null,
  emailRequired: false,
  mfaRequiredFrom: null,
  branding: {},
  terms: null,
};

/** Whether nobody signs in there by one step alone, by now. */
export function requiresTwoSteps({ mfaRequiredFrom }: Pick<Tenant, 'mfaRequiredFrom'>): boolean {
  return mfaRequiredFrom !== null && mfaRequiredFrom.getTime() <= Date.now();
}

/** @throws AppError that says what does not fit together */
export function withSettings(before: StoredSettings, said: TenantSettings): StoredSettings {
  const settings = {
    name: nameFrom(said.name ?? before.name),
    signUp: said.signUp ?? before.signUp,
    signUpDomains: [...(said.signUpDomains ?? before.signUpDomains)],
    signUpApproval: said.signUpApproval ?? before.signUpApproval,
    offered: said.offered ?? before.offered,
    languages: [...(said.languages ?? before.languages)],
    ways: said.ways === undefined ? before.ways : said.ways && [...said.ways],
    emailRequired: said.emailRequired ?? before.emailRequired,
    mfaRequiredFrom: requiredFrom(said.mfa, before.mfaRequiredFrom),
    branding: brandingFrom(said, before),
    terms: termsFrom(said, before),
  };
  if (settings.signUp === 'domains' && settings.signUpDomains.length === 0) {
    throw new AppError('sign_up_domains_missing', {
      message: 'With --sign-up domains, name at least one --sign-up-domain.',
    });
  }
  const unknown = settings.languages.find((language) => !availableLanguages.includes(language));
  if (unknown) {
    throw new AppError('language_unknown', {
      message: `There are no pages in "${unknown}", only in ${availableLanguages.join(', ')}.`,
    });
  }
  for (const domain of [...settings.signUpDomains, ...(said.domains ?? [])]) checkDomain(domain);
  said.emailDomains?.forEach(checkDomain);
  return settings;
}

function requiredFrom(said: TenantSettings['mfa'], before: Date | null): Date | null {
  if (said === undefined) return before;
  if (said === 'optional') return null;
  return new Date(Date.now() + said.requiredInDays * 24 * 60 * 60 * 1000);
}

/** Lower case, in ASCII, as they are compared. @throws AppError `domain_invalid` */
function checkDomain(domain: string): void {
  const labels = domain.split('.');
  const sound = labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  const plain = domainToASCII(domain) === domain && domain.length <= 253;
  if (sound && plain && labels.length > 1 && !/^\d+$/.test(labels.at(-1) ?? '')) return;
  throw new AppError('domain_invalid', {
    message: `"${domain}" is no domain such as chat.example.org.`,
  });
}

function nameFrom(typed: string): string {
  const name = trimUnseen(typed);
  if (isDisplayName(name, 60)) return name;
  throw new AppError('name_invalid', {
    message: 'A name has 1 to 60 characters, all of which can be seen.',
  });
}
