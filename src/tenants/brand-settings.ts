import { extname } from 'node:path';
import { readFile } from '../cli/options.ts';
import { AppError } from '../errors.ts';
import { type Branding, brandingSchema } from './branding.ts';
import type { Terms } from './tenant.entity.ts';

/** How a tenant looks, and which documents of its it links to or has accepted. */
export type BrandingOptions = {
  termsUrl?: string;
  privacyUrl?: string;
  termsVersion?: string;
  homeUrl?: string;
  brandName?: string;
  accent?: string;
  logo?: string;
};

const imageTypes: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
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
  options: BrandingOptions,
  { branding, terms }: { branding: Branding; terms: Terms | null },
): Branding {
  const accepted = chosen(options.termsVersion, terms?.version) !== undefined;
  const { links } = branding;
  const parsed = brandingSchema.safeParse(
    withoutEmpty({
      name: chosen(options.brandName, branding.name),
      accent: chosen(options.accent, branding.accent),
      logoUrl: options.logo ? imageUrl(options.logo) : chosen(options.logo, branding.logoUrl),
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
  options: BrandingOptions,
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

function imageUrl(file: string): string {
  const type = imageTypes[extname(file).toLowerCase()];
  if (!type) {
    throw new AppError('branding_invalid', {
      message: `${file} is no PNG, JPEG, WebP or SVG file.`,
    });
  }
  const content = readFile(file);
  if (content.length > 140 * 1024) {
    throw new AppError('branding_invalid', { message: `${file} is larger than 140 KB.` });
  }
  return `data:${type};base64,${content.toString('base64')}`;
}

function withoutEmpty<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
