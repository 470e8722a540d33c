import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { TestBrowser } from '../support/browser.ts';
import { codeIn } from '../support/mail.ts';
import { type Device, signInDevice } from './matrix.ts';
import type { NewAccount } from './newcomer.ts';
import type { World } from './world.ts';

export type PersonOptions = BrowserContextOptions & { size?: 'phone' | 'desktop' };

/** How a block of Synapse is configured. */
export type Block = {
  /** Its `idp_id`. */
  provider?: string;
  /** Its `additional_authorization_parameters`. */
  parameters?: Record<string, string>;
  /** Another name of the service in its `authorization_endpoint`. */
  host?: string;
};

/** Somebody in front of a browser of their own: what they read, type and press. */
export class Person {
  readonly world: World;
  readonly context: BrowserContext;
  readonly page: Page;

  private constructor(world: World, context: BrowserContext, page: Page) {
    this.world = world;
    this.context = context;
    this.page = page;
  }

  static async come(
    world: World,
    browser: TestBrowser,
    options: PersonOptions = {},
  ): Promise<Person> {
    const context = await browser.newPerson(options);
    return new Person(world, context, await context.newPage());
  }

  /** Opens the chat app and presses its button. */
  async beginSignIn(): Promise<void> {
    await this.page.goto(this.world.app.url);
    await this.follow('Continue with OpenMeet');
  }

  /** The same where the homeserver's block is another than the app's button names. */
  async beginSignInBy({ provider = 'openmeet', parameters = {}, host }: Block): Promise<void> {
    const address = this.world.app.signInUrl(provider);
    // The homeserver's cookie is kept as if the browser itself had followed the redirect.
    const answer = await this.context.request.get(address, { maxRedirects: 0 });
    const target = new URL(answer.headers().location ?? '');
    for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
    if (host) target.hostname = host;
    await this.page.goto(target.href);
  }

  /** From the app and back. */
  async signUp(account: NewAccount): Promise<Device> {
    await this.beginSignIn();
    await this.follow('Create an account');
    return this.finishSignUp(account);
  }

  /** From the page that asks for the address. */
  async finishSignUp({ email, name, handle, password }: NewAccount): Promise<Device> {
    await this.send({ email });
    await this.enterCode(email);
    await this.send({ name, handle });
    if (password === undefined) await this.press(/I’ll use codes/);
    else await this.send({ password });
    return this.arrive();
  }

  async signIn(identifier: string, password: string): Promise<Device> {
    await this.beginSignIn();
    await this.send({ email: identifier, password });
    return this.arrive();
  }

  /** Types the oldest code that was mailed to this address and not read yet. */
  async enterCode(email: string): Promise<void> {
    const mail = await this.world.service.mailbox.waitForMail(email);
    await this.send({ code: codeIn(mail) });
  }

  /** Fills in a form by the names of its fields. */
  async type(values: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(values)) {
      await this.page.locator(`[name="${name}"]`).fill(value);
    }
  }

  /** Fills in a form and presses its main button. */
  async send(values: Record<string, string>): Promise<void> {
    await this.type(values);
    const [name] = Object.keys(values);
    const form = this.page.locator(`form:has([name="${name}"])`);
    await this.leave(() => form.locator('button[type=submit]').first().click());
  }

  press(name: string | RegExp): Promise<void> {
    return this.leave(() => this.page.getByRole('button', { name }).first().click());
  }

  follow(name: string | RegExp): Promise<void> {
    return this.leave(() => this.page.getByRole('link', { name }).click());
  }

  heading(): Promise<string> {
    return this.read('h1');
  }

  async read(selector = 'main'): Promise<string> {
    const text = (await this.page.locator(selector).first().textContent()) ?? '';
    return text.replace(/\s+/g, ' ').trim();
  }

  /** Presses Tab until the focus is on what has this name or these words. */
  async tabTo(wanted: string): Promise<void> {
    const focused = this.page.locator(':focus');
    for (let presses = 0; presses < 20; presses++) {
      const found = await focused.evaluateAll(
        ([element], words) =>
          element?.getAttribute('name') === words || element?.textContent?.trim() === words,
        wanted,
      );
      if (found) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`${wanted} cannot be reached with the keyboard: ${await this.read()}`);
  }

  /** Waits until the browser is back at the app, and signs the app in. */
  async arrive(): Promise<Device> {
    const { app, synapse } = this.world;
    await this.#orTellWhere(this.page.waitForURL((url) => url.href.startsWith(app.url)));
    const token = new URL(this.page.url()).searchParams.get('loginToken');
    if (!token) throw new Error(`The app was given no login token: ${this.page.url()}`);
    return signInDevice(synapse.url, token);
  }

  /** Does what leads to another page, and waits for that page. */
  async leave(act: () => Promise<void>): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.#orTellWhere(Promise.all([loaded, act()]));
  }

  async #orTellWhere(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (cause) {
      const where = `${this.page.url()} says: ${await this.read('body')}`;
      throw new Error(`The journey ends early. ${where}`, { cause });
    }
  }
}
