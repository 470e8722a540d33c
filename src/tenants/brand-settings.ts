import { AppError } from '../errors.ts';
import { type Branding, brandingSchema } from './branding.ts';
import type { Terms } from './tenant.entity.ts';

/**
 * How a tenant looks, and which documents of its it links to or has accepted. An empty value takes away.
 */
export type BrandSettings = {
  termsUrl?: string;
  privacyUrl?: string;
  termsVersion?: string;
  homeUrl?: string;
  brandName?: string;
  accent?: string;
  /** A `data:` URL. */
  logo?: string;
};

/** An empty value takes away, nothing leaves as it was. */
function chosen(given: string | undefined, before: string | undefined): string | undefined {
  return (given ?? before) || undefined;
}

/**
 * Links to documents that nobody has to accept are branding, those that everyone accepts are terms.
 *
 * @throws AppError `branding_invalid` naming what is wrong
 */
export function brandingFrom(
  options: BrandSettings,
  { branding, terms }: { branding: Branding; terms: Terms | null },
): Branding {
  const accepted = chosen(options.termsVersion, terms?.version) !== undefined;
  const { links } = branding;
  const parsed = brandingSchema.safeParse(
    withoutEmpty({
      name: chosen(options.brandName, branding.name),
      accent: chosen(options.accent, branding.accent),
      logoUrl: chosen(options.logo, branding.logoUrl),
      links: withoutEmpty({
        home: chosen(options.homeUrl, links?.home),
        terms: accepted ? undefined : chosen(options.termsUrl, links?.terms ?? terms?.termsUrl),
        privacy: accepted
          ? undefined
          : chosen(options.privacyUrl, links?.privacy ?? terms?.privacyUrl),
      }),
    }),
  );
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError('branding_invalid', {
    message: `The branding's ${issue?.path.join('.')} is not right: ${issue?.message}.`,
  });
}

/** @throws AppError `terms_invalid` */
export function termsFrom(
  options: BrandSettings,
  { terms: before, branding: { links } }: { branding: Branding; terms: Terms | null },
): Terms | null {
  const version = chosen(options.termsVersion, before?.version);
  if (!version) return null;
  const terms = withoutEmpty({
    version,
    termsUrl: chosen(options.termsUrl, before?.termsUrl ?? links?.terms),
    privacyUrl: chosen(options.privacyUrl, before?.privacyUrl ?? links?.privacy),
  });
  const urls = [terms.termsUrl, terms.privacyUrl].filter((url) => url !== undefined);
  const sound = urls.every((url) => /^https?:$/.test(URL.parse(url)?.protocol ?? ''));
  if (urls.length > 0 && sound && /^[\w.:-]{1,40}$/.test(version)) return terms;
  throw new AppError('terms_invalid', {
    message:
      'Terms need a version (letters, digits, ".", "-") and --terms-url or --privacy-url with an http(s) address.',
  });
}

function withoutEmpty<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
