import { type Translator, translatorFor } from '../../src/http/messages.ts';
import { renderPage } from '../../src/http/render.ts';
import type { Layout, PageName, Pages } from '../../views/registry.ts';
import { layoutSamples, samples } from '../../views/samples.ts';
import { longer, rightToLeft } from './pseudo.ts';

export const languages: readonly Translator[] = [
  translatorFor('en'),
  translatorFor('de'),
  longer,
  rightToLeft,
];

/** A page with a context that its type allows. */
export interface Sample {
  title: string;
  name: PageName;
  page: object;
}

export const allSamples: readonly Sample[] = Object.entries(samples).flatMap(([name, faces]) =>
  Object.entries(faces).map(([face, page]) => ({
    title: `${name}, ${face}`,
    name: name as PageName,
    page,
  })),
);

export function render(
  { name, page }: Pick<Sample, 'name' | 'page'>,
  translator: Translator = translatorFor('en'),
  layout: Layout = layoutSamples.full,
): string {
  return renderPage(name, layout, page as Pages[typeof name], translator);
}
