import { accountClientId } from '../../clients/own-clients.ts';
import type { Queryable } from '../../database/database.ts';
import { factorsOf } from '../../factors/factors.store.ts';
import { identitiesOf } from '../../federation/identities.store.ts';
import * as store from './data.store.ts';
import { applicationsOf, sessionsOf } from './overview.store.ts';
import type { Visit } from './visit.ts';

/** Everything that is kept about a person, as a file (GDPR Art. 15 and 20). */
export async function downloadData(visit: Visit<'serverName'>): Promise<void> {
  const { account, tenant, parts, ctx } = visit;
  const { database, serverName } = parts;
  const { tenantId: _tenant, emailKey: _key, hasPassword, ...facts } = account;
  const [sessions, applications, elsewhere, more] = await Promise.all([
    sessionsOf(database, account.id),
    applicationsOf(database, account.id, accountClientId),
    identitiesOf(database, account.id),
    furtherData(database, account.id),
  ]);
  await database.transaction((tx) => visit.record(tx, 'account.data_downloaded'));
  ctx.set('cache-control', 'no-store');
  ctx.attachment('my-data.json');
  ctx.type = 'json';
  const data = {
    account: {
      ...facts,
      matrixId: `@${account.handle}:${serverName}`,
      community: { slug: tenant.slug, name: tenant.name },
    },
    identities: [
      ...(account.email
        ? [{ kind: 'email', email: account.email, verified: account.emailVerified }]
        : []),
      ...(hasPassword ? [{ kind: 'password' }] : []),
      ...elsewhere.map(({ id: _id, tenantId: _in, accountId: _of, ...identity }) => ({
        kind: 'provider',
        ...identity,
      })),
    ],
    sessions: sessions.map(({ uid, idleEnd: _idleEnd, ...session }) => ({
      ...session,
      current: uid === visit.session.uid,
    })),
    applications,
    ...more,
  };
  ctx.body = JSON.stringify(data, null, 2);
}

async function furtherData(db: Queryable, accountId: string) {
  const [secondFactors, passkeys, ...rows] = await Promise.all([
    factorsOf(db, accountId),
    store.passkeysOf(db, accountId),
    store.membershipsOf(db, accountId),
    store.invitationsOf(db, accountId),
    store.guestsOf(db, accountId),
    store.mergesOf(db, accountId),
    store.browsersOf(db, accountId),
    store.termsAcceptedBy(db, accountId),
    store.eventsAbout(db, accountId),
  ]);
  const [memberships, invitations, guests, merges, browsers, terms, events] = rows;
  return {
    ...{ secondFactors, passkeys, memberships, invitations, guests },
    ...{ merges, browsers, terms, events },
  };
}
