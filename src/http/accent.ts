/** Where an accent is read or drawn on, in the pages' own colours. */
const grounds = {
  light: ['#ffffff', '#f5f5f4', '#f5f5f6', '#f0f0f2'],
  dark: ['#17181d', '#0f1013', '#1f2127', '#24262d'],
} as const;
const texts = { light: '#ffffff', dark: '#10121c' } as const;
const enough = 4.5;
export const defaultAccent = '#3b4fd8';

/** An accent that can be read on every ground of a scheme, and the colour of text on it. */
export interface Accent {
  accent: string;
  onAccent: string;
}

/**
 * Darkens (light scheme) or lightens (dark scheme) an accent, keeping its hue, until it contrasts
 * 4.5:1 with every ground: it is used for links and focus rings as well as for buttons.
 * Throws on anything but `#rrggbb`.
 */
export function readableAccent(accent: string, scheme: 'light' | 'dark'): Accent {
  const target = scheme === 'light' ? 0 : 255;
  const wanted = channels(accent);
  for (let step = 0; step <= 100; step += 1) {
    const mixed = hex(wanted.map((channel) => channel + ((target - channel) * step) / 100));
    if (grounds[scheme].every((ground) => contrast(mixed, ground) >= enough))
      return { accent: mixed, onAccent: bestText(mixed) };
  }
  throw new Error(`no readable shade of ${accent}`);
}

/** WCAG 2.2 contrast ratio of two `#rrggbb` colours, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function bestText(accent: string): string {
  return contrast(accent, texts.light) >= contrast(accent, texts.dark) ? texts.light : texts.dark;
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(color: string): number[] {
  const [, red, green, blue] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color) ?? [];
  if (!red || !green || !blue) throw new Error('a colour must look like #3b4fd8');
  return [red, green, blue].map((pair) => Number.parseInt(pair, 16));
}

function hex(values: readonly number[]): string {
  return `#${values.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;
}
