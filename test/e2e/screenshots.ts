import { mkdir } from 'node:fs/promises';
import { join, password } from './newcomer.ts';
import type { PersonOptions } from './person.ts';
import { directory, shoot, window } from './shoot.ts';
import { startWorld, type World } from './world.ts';

/*
 * Makes docs/screenshots anew, by hand: `node test/e2e/screenshots.ts`. Whoever changes how a page
 * looks runs it, and screenshots-linking.ts beside it.
 */

async function signUp(world: World): Promise<void> {
  const ann = await world.newPerson(window);
  await ann.beginSignIn();
  await shoot(ann, 'sign-in');
  await ann.follow('Create an account');
  await shoot(ann, 'sign-up');
  await ann.send({ email: 'ada@example.org' });
  await shoot(ann, 'code');
  await ann.enterCode('ada@example.org');
  await ann.type({ name: 'Ada Lovelace', handle: 'ada' });
  await ann.page.locator('#handle-state[data-state=good]').waitFor();
  await shoot(ann, 'handle');
  await ann.send({ name: 'Ada Lovelace' });
  await ann.type({ password });
  await shoot(ann, 'password');
  await ann.send({ password });
  await ann.arrive();
  await ann.page.goto(`${world.service.url}/account`);
  await shoot(ann, 'account', false);
}

async function consent(world: World): Promise<void> {
  await world.service.cli(
    ...['clients', 'add', '--id', 'calendar', '--name', 'Calendar', '--auth-method', 'none'],
    ...['--redirect-uri', 'http://127.0.0.1/calendar'],
  );
  const ada = await world.newPerson(window);
  await ada.signIn('ada', password);
  const query = new URLSearchParams({
    client_id: 'calendar',
    response_type: 'code',
    scope: 'openid profile email',
    redirect_uri: 'http://127.0.0.1/calendar',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  await ada.page.goto(`${world.service.issuer}/auth?${query}`);
  await shoot(ada, 'consent');
}

async function otherLooks(world: World): Promise<void> {
  const looks: Record<string, PersonOptions> = {
    phone: { size: 'phone' },
    'phone-dark': { size: 'phone', colorScheme: 'dark' },
    dark: { ...window, colorScheme: 'dark' },
    german: { ...window, locale: 'de-DE' },
  };
  for (const [look, options] of Object.entries(looks)) {
    const person = await world.newPerson(options);
    await person.beginSignIn();
    await shoot(person, `sign-in-${look}`);
  }
}

async function chooser(world: World): Promise<void> {
  await join(world, { email: 'bob@example.org', name: 'Bob', handle: 'bob', password });
  const shared = await world.newPerson(window);
  await shared.signIn('ada', password);
  await shared.beginSignInBy({ parameters: { prompt: 'select_account' } });
  await shared.follow('Use another account');
  await shared.send({ email: 'bob', password });
  await shared.arrive();
  await shared.beginSignInBy({ parameters: { prompt: 'select_account' } });
  await shoot(shared, 'chooser');
}

await mkdir(directory, { recursive: true });
const world = await startWorld();
try {
  await signUp(world);
  await consent(world);
  await chooser(world);
  await otherLooks(world);
} finally {
  await world.stop();
}
