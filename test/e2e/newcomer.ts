import { Visitor } from '../support/forms.ts';
import { codeIn } from '../support/mail.ts';
import type { World } from './world.ts';

export type NewAccount = {
  email: string;
  name: string;
  handle: string;
  /** None: codes by mail only. */
  password?: string;
};

export const password = 'correct horse battery staple';

/** Somebody who is no part of the story signs up, in a fraction of the time that a browser takes. */
export async function join({ app, service }: World, account: NewAccount): Promise<void> {
  const { email, name, handle } = account;
  const visitor = new Visitor({ stopAt: (url) => url.href.startsWith(app.url) });
  const signIn = await visitor.open(app.signInUrl('openmeet'));
  const signUp = await visitor.click(signIn, 'Create an account');
  const code = await visitor.submit(signUp, { email });
  const mail = await service.mailbox.waitForMail(email);
  const profile = await visitor.submit(code, { code: codeIn(mail) });
  const chosen = await visitor.submit(profile, { name, handle }, { button: 'Continue' });
  const end = account.password
    ? await visitor.submit(chosen, { password: account.password })
    : await visitor.submit(chosen, {}, { button: /I’ll use codes/ });
  if (end.status !== 0) throw new Error(`${email} could not sign up: ${end.text}`);
}
