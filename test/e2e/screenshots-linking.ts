import { GoogleStandIn } from '../federation/google.ts';
import { stranger } from '../federation/person.ts';
import { join, password } from './newcomer.ts';
import { shoot, window } from './shoot.ts';
import { startWorld, type World } from './world.ts';

/*
 * Makes the pictures of linking in docs/screenshots anew, by hand:
 * `node test/e2e/screenshots-linking.ts`.
 */

const email = 'ada@example.org';

/** At a sign-in: an address that Google vouches for has an account. */
async function offer(world: World, google: GoogleStandIn): Promise<void> {
  google.person = stranger({ sub: 'offered', email, name: 'Ada Lovelace' });
  const ada = await world.newPerson(window);
  await ada.beginSignIn();
  await ada.follow(/Google/);
  await shoot(ada, 'linking-offer');
}

/** On the account page. */
async function manage(world: World, google: GoogleStandIn): Promise<void> {
  google.person = stranger({ sub: 'added', email: 'ada.l@gmail.example', name: 'Ada Lovelace' });
  const ada = await world.newPerson(window);
  await ada.signIn(email, password);
  await ada.page.goto(`${world.service.url}/account/ways`);
  await shoot(ada, 'linking-ways');
  await ada.press('Connect Google');
  await ada.page.goto(`${world.service.url}/account/ways`);
  await shoot(ada, 'linking-connected');
}

/** Somebody new whose address nobody vouches for. */
async function newcomer(world: World, google: GoogleStandIn): Promise<void> {
  google.person = stranger({ sub: 'new', email: 'bob@example.org', email_verified: false });
  const bob = await world.newPerson(window);
  await bob.beginSignIn();
  await bob.follow(/Google/);
  await shoot(bob, 'address');
}

const google = await GoogleStandIn.start();
const world = await startWorld({ env: google.env });
try {
  await join(world, { email, name: 'Ada Lovelace', handle: 'ada', password });
  await offer(world, google);
  await manage(world, google);
  await newcomer(world, google);
} finally {
  await world.stop();
  await google.stop();
}
