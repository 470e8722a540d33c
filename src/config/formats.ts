import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** Says more than what was expected: what is wrong with a text, without repeating it. */
class Misread extends Error {}

/**
 * A schema that turns a setting's text into a value. `parse` answers undefined, or throws, for
 * text that is not `expected`. The message never repeats the text: it may be a secret.
 */
function format<T>(expected: string, parse: (text: string) => T | undefined) {
  return z.string().transform((text, context): T => {
    let message = `must be ${expected}`;
    try {
      const value = parse(text.trim());
      if (value !== undefined) return value;
    } catch (error) {
      if (error instanceof Misread) message = error.message;
    }
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

function items(text: string, separator: RegExp): string[] {
  return text.split(separator).filter((item) => item !== '');
}

function every<T>(texts: string[], parse: (text: string) => T | undefined): T[] | undefined {
  const values = texts.map(parse).filter((value) => value !== undefined);
  return values.length === texts.length ? values : undefined;
}

export const text = format('some text', (value) => value);

export function matching(expected: string, pattern: RegExp) {
  return format(expected, (value) => (pattern.test(value) ? value : undefined));
}

export function oneOf<const T extends string>(...choices: T[]) {
  return format(`one of ${choices.join(', ')}`, (value) =>
    choices.find((choice) => choice === value),
  );
}

/** Some of a few words, separated by commas. */
export function someOf<const T extends string>(...choices: T[]) {
  return format(`some of ${choices.join(', ')}, separated by commas`, (value) =>
    every(items(value, /[\s,]+/), (item) => choices.find((choice) => choice === item)),
  );
}

const placeholder = /\{(\w+)\}/g;

/** One template for each of `keys`: `key=template`, separated by semicolons. */
export function templates<const K extends string>(
  keys: readonly K[],
  {
    expected = 'key=template pairs separated by semicolons, with {name}, {slug} or {tenant} in each',
    placeholders = ['name', 'slug', 'tenant'],
    allowed = /^[^{}\p{C}]*$/u,
  }: { expected?: string; placeholders?: readonly string[]; allowed?: RegExp } = {},
) {
  return format(`${expected}, for all of ${keys.join(', ')}`, (value) => {
    const pairs = items(value, /;/).map((item) => {
      const [key = '', ...rest] = item.split('=');
      return [key.trim(), rest.join('=').trim()] as const;
    });
    const known = new Map(pairs);
    const fits = (template: string | undefined) =>
      template !== undefined &&
      [...template.matchAll(placeholder)].length > 0 &&
      [...template.matchAll(placeholder)].every(([, name]) => placeholders.includes(name ?? '')) &&
      allowed.test(template.replaceAll(placeholder, ''));
    if (known.size !== keys.length || !keys.every((key) => fits(known.get(key)))) return undefined;
    return Object.fromEntries(known) as Record<K, string>;
  });
}

/** Localparts of aliases; what comes before the first placeholder must tell them apart. */
export function aliasTemplates<const K extends string>(keys: readonly K[]) {
  return templates(keys, {
    expected:
      'key=template pairs separated by semicolons, each template letters, digits, hyphens or dots, then {slug} and maybe {tenant}',
    placeholders: ['slug', 'tenant'],
    allowed: /^[a-z][a-z0-9._-]*$/,
  });
}

export function wholeNumber(min: number, max: number) {
  return format(`a whole number from ${min} to ${max}`, (value) => {
    const number = Number(value);
    return /^\d+$/.test(value) && number >= min && number <= max ? number : undefined;
  });
}

/** An http or https origin; a trailing slash is dropped. */
export const origin = format(
  'an http:// or https:// address without path, query or user name',
  (value) => {
    const url = new URL(value);
    const web = url.protocol === 'https:' || url.protocol === 'http:';
    return web && url.href === `${url.origin}/` && !/[?#]/.test(value) ? url.origin : undefined;
  },
);

/** An http or https address that others' paths are added to; trailing slashes are dropped. */
export const collector = format(
  'an http:// or https:// address without user name, query or fragment',
  (value) => {
    const url = new URL(value);
    const web = url.protocol === 'https:' || url.protocol === 'http:';
    const bare = !url.username && !url.password && !/[?#]/.test(value);
    return web && bare ? url.href.replace(/\/+$/, '') : undefined;
  },
);

export function address(...protocols: string[]) {
  return format(`an address that begins with ${protocols.join('// or ')}//`, (value) => {
    // Before the parser gets to choose where the host begins.
    assertEncoded(value);
    const begins = protocols.some((protocol) => value.startsWith(`${protocol}//`));
    return begins && URL.canParse(value) ? value : undefined;
  });
}

/**
 * In `smtp://bot:12#34@mail.example` the host is `bot`, by all rules: what was meant for a password
 * ends the address early, and mail with that password would go to somebody else.
 */
function assertEncoded(value: string): void {
  const [, userInfo = '', rest = ''] = /^[^:]*:\/\/(?:([^/?#]*)@)?(.*)$/s.exec(value) ?? [];
  const sound = /^(?:[^@%\s\\]|%[0-9a-f]{2})*$/i.test(userInfo) && !/[@#\s\\]/.test(rest);
  if (sound) return;
  throw new Misread(
    'holds a character that would end its user name or password too early. Write %23 for #, %2F for /, %3F for ?, %40 for @, %25 for %, %5C for a backslash, %20 for a space',
  );
}

/** The grammar of a Matrix server name; at 230 bytes a localpart still has room. */
export const serverName = matching(
  'a Matrix server name such as example.org (no https://)',
  /^(?=.{1,230}$)(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/,
);

export const mailbox = matching(
  'one mailbox such as OpenMeet <no-reply@example.org>',
  /^(?:[^\s<>@,]+@[^\s<>@,]+|[^<>@,\r\n]+<[^\s<>@,]+@[^\s<>@,]+>)$/,
);

/** 32-byte keys in base64 or base64url. */
export const keys = format(
  'one or more keys of 32 bytes in base64, separated by commas',
  (value) => {
    const ring = every(items(value, /[\s,]+/), (item) => {
      const key = Buffer.from(item, 'base64');
      return /^[\w+/-]{43}=?$/.test(item) && key.length === 32 ? key : undefined;
    });
    return ring?.length ? ring : undefined;
  },
);

/** Networks in CIDR notation; a single address becomes a network of its own. */
export const networks = format(
  'addresses or networks such as 10.0.0.0/8, separated by commas',
  (value) =>
    every(items(value, /[\s,]+/), (item) => {
      if (item.includes('/')) return ipaddr.parseCIDR(item).join('/');
      const parsed = ipaddr.parse(item);
      return `${parsed}/${parsed.kind() === 'ipv4' ? 32 : 128}`;
    }),
);

/** The same, or `none`, which says that somebody thought of it. */
export const networksOrNone = format(
  '`none`, or addresses or networks such as 10.0.0.0/8, separated by commas',
  (value) => (value === 'none' ? [] : networks.parse(value)),
);

export const words = format('words separated by commas', (value) =>
  items(value.toLowerCase(), /[\s,]+/),
);

/** Separated by spaces only, because a comma is part of expressions such as `a{2,3}`. */
export const patterns = format('regular expressions separated by spaces', (value) => {
  const sources = items(value, /\s+/);
  for (const source of sources) new RegExp(source, 'u');
  return sources;
});
