import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';

/** A form that a browser is to send on, unread and unchanged. */
export type AutoSubmitForm = { action: string; hidden: Record<string, string> };

/** The title of every such page of the library. */
const mark = '<title>Submitting Callback</title>';
const ourPolicy = 'content-security-policy';

/**
 * The library makes some pages by itself, each a form that sends itself: an answer by
 * `response_mode=form_post`, a device's code that came in the address, a sign-out of nobody. It lets
 * none of them be replaced, so the form is read and shown as a page of ours: with our style and
 * language, our script and our policy, and a button for browsers without scripts.
 */
export function showAutoSubmitForms(
  provider: Provider,
  pages: { autoSubmit(ctx: KoaContextWithOIDC, form: AutoSubmitForm): Promise<void> },
): void {
  provider.use(async (ctx, next) => {
    const policy = ctx.response.get(ourPolicy);
    await next();
    if (typeof ctx.body !== 'string' || !ctx.body.includes(mark)) return;
    // Without the leave that the library added for its own script.
    ctx.set(ourPolicy, policy);
    await pages.autoSubmit(ctx as unknown as KoaContextWithOIDC, readAutoSubmitForm(ctx.body));
  });
}

/** @throws Error where the library makes its form in another way than this one knows */
export function readAutoSubmitForm(html: string): AutoSubmitForm {
  const action = /<form method="post" action="([^"]*)">/.exec(html)?.[1];
  const inputs = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"\/>/g)];
  if (action === undefined || inputs.length !== html.split('<input').length - 1) {
    throw new Error('the library makes its form in another way');
  }
  const fields = inputs.map(([, name = '', value = '']) => [name, unescaped(value)]);
  return { action: unescaped(action), hidden: Object.fromEntries(fields) };
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] as string);
}
