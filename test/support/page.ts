import type { IncomingHttpHeaders } from 'node:http';
import { type HTMLElement, parse } from 'node-html-parser';

/** Where a form goes and what it says, as a browser without scripts would send it. */
export type Submission = { url: URL; method: 'GET' | 'POST'; fields: URLSearchParams };

export type Choice = {
  /** The form that has a field of this name, or whose action matches. */
  form?: string | RegExp;
  /** Text of the button that is pressed; the first submit button unless given. */
  button?: string | RegExp;
};

/** One answer, read as a page. */
export class Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly document: HTMLElement;

  constructor(url: URL, status: number, headers: IncomingHttpHeaders, body: string) {
    this.url = url;
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.document = parse(body);
  }

  get title(): string {
    return textOf(this.document.querySelector('title'));
  }

  get heading(): string {
    return textOf(this.document.querySelector('h1'));
  }

  /** What a person reads, with runs of white space made one. */
  get text(): string {
    return textOf(this.document.querySelector('body') ?? this.document);
  }

  json<T>(): T {
    return JSON.parse(this.body);
  }

  /** @throws Error with the page's text, if there is no such link */
  link(text: string | RegExp): URL {
    const links = this.document.querySelectorAll('a[href]');
    const link = links.find((candidate) => matches(textOf(candidate), text));
    if (!link) throw this.#lacks(`link ${text}`);
    return new URL(attribute(link, 'href'), this.url);
  }

  has(selector: string): boolean {
    return this.document.querySelector(selector) !== null;
  }

  /** The value that a field shows. */
  value(name: string): string | undefined {
    const field = this.document.querySelector(`[name="${name}"]`);
    return field ? attribute(field, 'value') : undefined;
  }

  /**
   * The form filled in with `values` by the names of its fields.
   * @throws Error with the page's text, if the form lacks one of the fields or the button
   */
  fill(values: Record<string, string>, { form: wanted, button }: Choice = {}): Submission {
    const form = this.#form(Object.keys(values), wanted, button);
    const fields = new URLSearchParams();
    for (const field of form.querySelectorAll('input, select, textarea')) {
      const name = field.getAttribute('name');
      const value = name ? sentValue(field, values[name]) : undefined;
      if (name && value !== undefined) fields.append(name, value);
    }
    for (const name of Object.keys(values)) {
      if (!fields.has(name)) throw this.#lacks(`field ${name}`);
    }
    const pressed = this.#button(form, button);
    const pressedName = pressed?.getAttribute('name');
    if (pressed && pressedName) fields.append(pressedName, attribute(pressed, 'value'));
    const action = pressed?.getAttribute('formaction') ?? form.getAttribute('action') ?? '';
    const method = attribute(form, 'method').toUpperCase() === 'POST' ? 'POST' : 'GET';
    return { url: new URL(action, this.url), method, fields };
  }

  #form(names: string[], wanted?: string | RegExp, button?: string | RegExp): HTMLElement {
    const fits = (form: HTMLElement) => {
      if (typeof wanted === 'string') return form.querySelector(`[name="${wanted}"]`) !== null;
      if (wanted) return wanted.test(attribute(form, 'action'));
      if (names.some((name) => !form.querySelector(`[name="${name}"]`))) return false;
      return button === undefined || this.#buttons(form, button).length > 0;
    };
    const form = this.document.querySelectorAll('form').find(fits);
    if (!form) throw this.#lacks(`form with ${wanted ?? [...names, button].join(', ')}`);
    return form;
  }

  #button(form: HTMLElement, wanted?: string | RegExp): HTMLElement | undefined {
    const [button] = this.#buttons(form, wanted);
    if (!button && wanted !== undefined) throw this.#lacks(`button ${wanted}`);
    return button;
  }

  #buttons(form: HTMLElement, wanted?: string | RegExp): HTMLElement[] {
    return form
      .querySelectorAll('button, input[type=submit]')
      .filter((button) => !['button', 'reset'].includes(attribute(button, 'type')))
      .filter((button) => !button.hasAttribute('disabled'))
      .filter((button) => wanted === undefined || matches(labelOf(button), wanted));
  }

  #lacks(what: string): Error {
    return new Error(`No ${what} on ${this.url.href} (${this.status}): ${this.text.slice(0, 600)}`);
  }
}

function sentValue(field: HTMLElement, given: string | undefined): string | undefined {
  const type = attribute(field, 'type').toLowerCase();
  if (field.hasAttribute('disabled') || ['submit', 'button', 'image'].includes(type)) return;
  if (type === 'checkbox' || type === 'radio') {
    const value = field.getAttribute('value') ?? 'on';
    if (given === undefined) return field.hasAttribute('checked') ? value : undefined;
    return given === value ? value : undefined;
  }
  if (given !== undefined) return given;
  if (field.tagName === 'TEXTAREA') return field.textContent;
  if (field.tagName !== 'SELECT') return attribute(field, 'value');
  const option = field.querySelector('option[selected]') ?? field.querySelector('option');
  return option?.getAttribute('value') ?? option?.textContent;
}

function attribute(element: HTMLElement, name: string): string {
  return element.getAttribute(name) ?? '';
}

function labelOf(button: HTMLElement): string {
  return textOf(button) || attribute(button, 'value');
}

function textOf(element: HTMLElement | null): string {
  return element?.textContent.replace(/\s+/g, ' ').trim() ?? '';
}

function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
}
