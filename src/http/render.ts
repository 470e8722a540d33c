import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Errors, FieldError, Layout, PageName, Pages } from '../../views/registry.ts';
import { assetUrl } from './assets.ts';
import { attributes, breakable, escapeHtml, safeImage, safeUrl } from './html.ts';
import { type Translator, translatorFor } from './messages.ts';

/** What templates may use by name, besides `it`. */
const names = [
  'page',
  'site',
  'language',
  't',
  'rich',
  'asset',
  'attrs',
  'breakable',
  'href',
  'image',
  'problem',
  'errors',
];

const eta = new Eta({
  views: fileURLToPath(new URL('../../views', import.meta.url)),
  cache: true,
  autoEscape: true,
  escapeFunction: escapeHtml,
  functionHeader: `const { ${names.join(', ')} } = it;`,
});

/**
 * Renders a page of `views/pages` in the layout's language. `translator` is for languages without a
 * file, such as the pseudo-languages of the tests.
 */
export function renderPage<Name extends PageName>(
  name: Name,
  layout: Layout,
  page: Pages[Name],
  translator: Translator = translatorFor(layout.lang),
): string {
  const errors: Errors = 'errors' in page ? page.errors : {};
  return eta.render(`/pages/${name}`, {
    page,
    site: layout,
    language: translator,
    t: translator.text,
    rich: translator.html,
    asset: assetUrl,
    attrs: attributes,
    breakable,
    href: safeUrl,
    image: safeImage,
    errors,
    problem: (field: string) => problem(translator, field, errors[field]),
  });
}

/** The words of an error; a code without words of its own still says that something is wrong. */
function problem(
  translator: Translator,
  field: string,
  error: FieldError | undefined,
): string | undefined {
  if (!error) return undefined;
  const keys = [`${field}.${error.code}`, `errors.${error.code}`, 'errors.unknown'];
  const key = keys.find((candidate) => translator.has(candidate)) ?? 'errors.unknown';
  return translator.text(key, error.params);
}
