import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { contrast, readableAccent } from '../../src/http/accent.ts';
import { brandingCss, brandingSchema } from '../../src/tenants/branding.ts';

const color = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value) => `#${value.toString(16).padStart(6, '0')}`);
const base = readFileSync(new URL('../../views/styles/base.css', import.meta.url), 'utf8');

/** The colours that the pages put an accent on, by scheme, read from their style sheet. */
function grounds(scheme: 'light' | 'dark'): string[] {
  const [light = '', dark = ''] = base.split('prefers-color-scheme: dark');
  const rules = scheme === 'light' ? light : dark;
  return ['bg', 'card', 'soft', 'hover'].map((name) => {
    const value = new RegExp(`--${name}: (#[0-9a-f]+)`).exec(rules)?.[1] ?? '';
    return value.length === 4 ? value.replace(/[0-9a-f]/g, '$&$&') : value;
  });
}

describe('the accent of a tenant', () => {
  for (const scheme of ['light', 'dark'] as const)
    test(`can be read everywhere in the ${scheme} scheme, whatever was chosen`, () => {
      fc.assert(
        fc.property(color, (chosen) => {
          const { accent, onAccent } = readableAccent(chosen, scheme);
          for (const ground of grounds(scheme)) assert.ok(contrast(accent, ground) >= 4.5);
          assert.ok(contrast(accent, onAccent) >= 4.5);
        }),
      );
    });

  test('stays as it was chosen where it can be read already', () => {
    assert.deepEqual(readableAccent('#3b4fd8', 'light'), {
      accent: '#3b4fd8',
      onAccent: '#ffffff',
    });
  });

  test('is lightened in the dark and gets dark text', () => {
    const { accent, onAccent } = readableAccent('#3b4fd8', 'dark');
    assert.notEqual(accent, '#3b4fd8');
    assert.equal(onAccent, '#10121c');
  });
});

describe('the generated style sheet', () => {
  test('holds colours and nothing else', () => {
    fc.assert(
      fc.property(color, (accent) => {
        assert.match(
          brandingCss({ accent }),
          /^:root\{--accent:#[0-9a-f]{6};--on-accent:#[0-9a-f]{6}\}@media \(prefers-color-scheme:dark\)\{:root\{--accent:#[0-9a-f]{6};--on-accent:#[0-9a-f]{6}\}\}\n$/,
        );
      }),
    );
  });

  test('is never made from something that is not a colour', () => {
    for (const accent of ['red', '#fff', '#3b4fd8}body{display:none', ''])
      assert.throws(() => brandingCss({ accent }));
  });
});

describe('branding values', () => {
  test('are accepted when plain', () => {
    const branding = brandingSchema.parse({
      name: ' Acme ',
      accent: '#3B4FD8',
      logoUrl: '/tenants/acme/logo.png',
      links: { home: 'https://acme.example' },
    });
    assert.equal(branding.name, 'Acme');
    assert.equal(branding.accent, '#3b4fd8');
  });

  test('are refused when they could do more than look', () => {
    const refused = [
      { name: 'A', accent: 'url(https://evil.example)' },
      { name: 'A', links: { home: 'javascript:alert(1)' } },
      { name: 'A', links: { privacy: 'data:text/html,x' } },
      { name: 'A', logoUrl: 'https://evil.example/pixel.gif' },
      { name: 'A', logoUrl: '//evil.example/pixel.gif' },
      { name: 'A', logoUrl: 'data:text/html;base64,AAAA' },
      { name: 'A\u202egro.live' },
      { name: '' },
      { name: 'A', css: 'body{}' },
    ];
    for (const branding of refused) assert.equal(brandingSchema.safeParse(branding).success, false);
  });
});
