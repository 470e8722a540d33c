import { z } from 'zod';
import { type Accent, defaultAccent, readableAccent } from '../http/accent.ts';
import { isDisplayName } from '../text/display-name.ts';
import { trimUnseen } from '../text/unseen.ts';

const imageUrl = z
  .string()
  .max(200_000)
  .regex(
    /^(\/(?!\/)[\w./-]*|data:image\/(png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/=]+)$/,
    'a path on this server or a data: URL of a PNG, JPEG, WebP or SVG image',
  );
const communityName = z
  .string()
  .transform(trimUnseen)
  .refine((name) => isDisplayName(name, 60), '1 to 60 characters, all of which can be seen');
const webUrl = z.url({ protocol: /^https?$/ }).max(2000);

/** How a tenant looks. Values only: nothing here can carry a style rule or a script. */
export const brandingSchema = z.strictObject({
  /** Shown instead of the tenant's name. */
  name: communityName.optional(),
  accent: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'a colour such as #3b4fd8')
    .toLowerCase()
    .optional(),
  logoUrl: imageUrl.optional(),
  links: z
    .strictObject({
      home: webUrl.optional(),
      privacy: webUrl.optional(),
      terms: webUrl.optional(),
    })
    .optional(),
});

export type Branding = z.infer<typeof brandingSchema>;

/** The tenant's style sheet: four colours computed from one validated value. */
export function brandingCss({ accent = defaultAccent }: Pick<Branding, 'accent'>): string {
  const light = readableAccent(accent, 'light');
  const dark = readableAccent(accent, 'dark');
  return (
    `:root{${variables(light)}}` + `@media (prefers-color-scheme:dark){:root{${variables(dark)}}}\n`
  );
}

function variables({ accent, onAccent }: Accent): string {
  return `--accent:${accent};--on-accent:${onAccent}`;
}
