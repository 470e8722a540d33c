import {
  isArgumentElement,
  isPluralElement,
  isTagElement,
  type MessageFormatElement,
} from '@formatjs/icu-messageformat-parser';
import { IntlMessageFormat } from 'intl-messageformat';

/** A sentence in ICU's MessageFormat, as it is written or parsed. */
export type Message = string | MessageFormatElement[];
export type Params = Readonly<Record<string, string | number>>;

/** How a message becomes plain text, or markup. */
export type Shape = {
  literal(text: string): string;
  /** Of a text that is put in. */
  param(text: string): string;
  tag(name: string, content: string): string;
};

/** Where texts are put in, where numbers decide on the form, and what is marked up. */
type Slots = { params: Set<string>; counts: Set<string>; tags: Set<string> };

/** What stands for a parameter among the parts, apart from the words of the message. */
type Shown = { shown: string };
type Chunks = readonly (string | Shown)[];

/** @returns what makes the sentence from its parameters; one that is missing stays as its name */
export function compileMessage(
  message: Message,
  lang: string,
  numbers: Intl.NumberFormat,
): (params: Params, shape: Shape) => string {
  const format = new IntlMessageFormat(message, lang);
  const slots = slotsOf(format.getAst());
  return (params, shape) => {
    const join = (chunks: Chunks) =>
      chunks
        .map((chunk) => (typeof chunk === 'string' ? shape.literal(chunk) : chunk.shown))
        .join('');
    const values: Record<string, unknown> = {};
    for (const name of slots.params) values[name] = { shown: show(name, params[name], shape) };
    for (const name of slots.counts) values[name] = Number(params[name]);
    for (const name of slots.tags) {
      values[name] = (chunks: Chunks) => ({ shown: shape.tag(name, join(chunks)) });
    }
    return join(format.formatToParts<Shown>(values as never).map(({ value }) => value));
  };

  function show(name: string, value: string | number | undefined, shape: Shape): string {
    if (value === undefined) return shape.literal(`{${name}}`);
    return typeof value === 'number' ? numbers.format(value) : shape.param(value);
  }
}

function slotsOf(elements: readonly MessageFormatElement[]): Slots {
  const slots: Slots = { params: new Set(), counts: new Set(), tags: new Set() };
  for (const element of everyElement(elements)) {
    if (isArgumentElement(element)) slots.params.add(element.value);
    else if (isTagElement(element)) slots.tags.add(element.value);
    else if (isPluralElement(element)) slots.counts.add(element.value);
  }
  return slots;
}

/** All elements, also those within others. */
export function* everyElement(
  elements: readonly MessageFormatElement[],
): Generator<MessageFormatElement> {
  for (const element of elements) {
    yield element;
    if (isTagElement(element)) yield* everyElement(element.children);
    if (isPluralElement(element)) {
      for (const { value } of Object.values(element.options)) yield* everyElement(value);
    }
  }
}
