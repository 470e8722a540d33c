import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import { type MailName, mailSchemas } from '../../views/mail-registry.ts';
import { defaultAccent, readableAccent } from '../http/accent.ts';
import { deviceName } from '../http/device-name.ts';
import { escapeHtml } from '../http/html.ts';
import type { Params } from '../http/message.ts';
import { type Translator, translatorFor } from '../http/messages.ts';

export type RenderedMail = { subject: string; text: string; html: string };

/** All that any mail may say; each says only what it was given. */
interface Content {
  brand: { name: string; accent?: string };
  application?: string;
  userAgent?: string;
  address?: string;
  at?: string;
  code?: string;
  minutes?: number;
  purpose?: string;
  change?: string;
  left?: number;
  due?: string;
  email?: string;
  provider?: string;
  kept?: string;
  dropped?: string;
  link?: string;
  until?: string;
}

const views = fileURLToPath(new URL('../../views/mail', import.meta.url));
const html = new Eta({ views, cache: true, autoEscape: true, escapeFunction: escapeHtml });
const text = new Eta({ views, cache: true, autoEscape: false });

/**
 * Renders a mail of `views/mail-registry.ts`, as text and as HTML that say the same.
 *
 * @throws when there is no such mail, or its parameters are not what the registry says
 */
export function renderMail(
  template: string,
  locale: string,
  params: object,
  translator: Translator = translatorFor(locale),
): RenderedMail {
  if (!isMailName(template)) throw new Error(`there is no mail ${template}`);
  const content = mailSchemas[template].parse(params);
  const mail = compose(template, content, translator);
  return {
    subject: mail.subject,
    text: `${text.render('/mail.txt.eta', mail).trim()}\n`,
    html: html.render('/mail.html.eta', mail),
  };
}

function isMailName(name: string): name is MailName {
  return Object.hasOwn(mailSchemas, name);
}

function compose(name: MailName, content: Content, translator: Translator) {
  const { code, link, minutes, purpose, change, until } = content;
  const brand = { ...content.brand, name: oneLine(content.brand.name) };
  const params: Params = {
    community: brand.name,
    code: code ?? '',
    email: oneLine(content.email ?? ''),
    provider: oneLine(content.provider ?? ''),
    kept: oneLine(content.kept ?? ''),
    dropped: oneLine(content.dropped ?? ''),
    left: content.left ?? 0,
    due: content.due ? translator.dateTime(new Date(content.due)) : '',
  };
  const say = (key: string) => translator.text(`mail.${name}.${key}`, params);
  const variant = (key: string) => (purpose ? say(`${key}_${purpose}`) : say(key));
  const plain = code === undefined && translator.has(`mail.${name}.intro_plain`);
  const intro = change ? `intro_${change}` : plain ? 'intro_plain' : 'intro';
  const { accent, onAccent } = readableAccent(brand.accent ?? defaultAccent, 'light');
  return {
    lang: translator.lang,
    dir: translator.dir,
    brand,
    accent,
    onAccent,
    initial: [...brand.name][0]?.toUpperCase() ?? '',
    subject: variant('subject'),
    title: variant('title'),
    intro: say(intro),
    code,
    link,
    button: link && say('button'),
    orLink: translator.text('mail.or_link'),
    note: note(translator, { code, link, minutes, until }),
    facts: facts(content, translator),
    notYou: say('not_you'),
    why: translator.text('mail.why', params),
  };
}

function note(translator: Translator, { code, link, minutes, until }: Partial<Content>) {
  if (until) return translator.text('mail.until', { date: translator.date(new Date(until)) });
  if (minutes === undefined || code === undefined) return undefined;
  return translator.text(link ? 'mail.link_note' : 'mail.code_note', { minutes });
}

function facts(content: Content, translator: Translator): [string, string][] {
  const values = {
    application: content.application,
    device: content.userAgent && deviceName(content.userAgent),
    address: content.address,
    time: content.at && translator.dateTime(new Date(content.at)),
  };
  return Object.entries(values).flatMap(([name, value]): [string, string][] =>
    value ? [[translator.text(`mail.${name}`), oneLine(value)]] : [],
  );
}

/** Nothing that was given to us may begin a line, or a header, of its own. */
function oneLine(value: string): string {
  return value.replace(/\p{Cc}+/gu, ' ');
}
