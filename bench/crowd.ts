import type { Application, Tokens } from './application.ts';
import { Browser } from './driver.ts';
import { addressOfPerson, networkOfPerson, peopleCount, personPassword } from './people.ts';

/** Somebody who signed in once and stays signed in. */
export type Member = { browser: Browser; tokens: Tokens };

/** Things that are used by one flow at a time, the one that rested longest first. */
export class Turns<T> {
  readonly #waiting: T[];

  constructor(all: Iterable<T>) {
    this.#waiting = [...all];
  }

  async use(work: (one: T) => Promise<void>): Promise<void> {
    const one = this.#waiting.shift();
    if (one === undefined) throw new Error('More flows at once than there are people');
    try {
      await work(one);
    } finally {
      this.#waiting.push(one);
    }
  }
}

/** From the button in the application to verified tokens, by password. */
export async function signIn(application: Application, index: number): Promise<Member> {
  const browser = new Browser(application.site, networkOfPerson(index));
  const attempt = application.begin();
  const page = await browser.open(attempt.path);
  const answer = await browser.submit(passwordForm(page.body), {
    email: addressOfPerson(index),
    password: personPassword,
  });
  return { browser, tokens: await application.finish(attempt, answer) };
}

/** Everybody, signed in, a few at a time. */
export async function signInAll(application: Application): Promise<Member[]> {
  const members: Member[] = [];
  let next = 0;
  const runner = async () => {
    while (next < peopleCount) {
      const index = next++;
      members[index] = await signIn(application, index);
    }
  };
  await Promise.all([runner(), runner(), runner(), runner()]);
  return members;
}

/** Where the form leads that asks for a password. */
export function passwordForm(html: string): string {
  const form = html.slice(html.lastIndexOf('<form', html.indexOf('name="password"')));
  const action = form.match(/action="([^"]+)"/)?.[1];
  if (!action) throw new Error(`No password form: ${html.slice(0, 300)}`);
  return action;
}
