import { addPasskey, beginPasskey } from '../../src/factors/passkey-registration.ts';
import { relyingPartyOf } from '../../src/factors/relying-party.ts';
import type { Person, World } from '../oidc/world.ts';
import { type Credential, makeCredential, type Place } from './authenticator.ts';

/** What browsers say of the pages of this service. */
export function placeOf(world: World): Place {
  return { origin: new URL(world.url).origin, rpId: new URL(world.url).hostname };
}

/** Gives a person a passkey. The service is one at `localhost`. */
export async function givePasskey(
  world: World,
  person: Person,
  lies: Parameters<typeof makeCredential>[2] = {},
): Promise<Credential> {
  const party = relyingPartyOf(world.url);
  if (!party) throw new Error('browsers know no passkeys here');
  const place = { id: person.id, tenantId: person.tenantId, browser: 'a browser' };
  const names = { handle: person.handle, name: person.name, community: 'Acme' };
  const options = await beginPasskey(world.database, { ...place, ...names }, party);
  const { credential, response } = makeCredential(options, placeOf(world), lies);
  const telling = { queueMail: async () => true };
  const about = { ...place, device: 'A device' };
  await addPasskey(world.database, about, response, { party, ...telling });
  return credential;
}
