import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Visitor } from '../support/forms.ts';
import { Application, answerOf, newVisitor, type Tokens } from './application.ts';
import { type Statement, serveHere, type Watched } from './watched.ts';
import { openWorld, type Person, type World } from './world.ts';

/** Look-ups that bring several things at once, by what only they contain. */
const joined: readonly [RegExp, string][] = [
  [/as "clientServes"/, 'select token with Grant, Session and account'],
  [/as grants/, 'select Session with Grants and account'],
  [/set consumed_at = now/, 'update oidc_artifacts'],
  [/^select \(\s+select json_build_object/, 'select account'],
  [/select a\.payload/, 'select artifact'],
  [/as "recoveryCodes"/, 'select factors'],
  [/pg_advisory_xact_lock/, 'select lock'],
  [/from unnest\S+ with ordinality as wanted/, 'select handles'],
];

/** Verb and table; what the provider writes by its model. */
function summaryOf({ text, values }: Statement): string {
  if (text === 'begin' || text === 'commit') return text;
  const look = joined.find(([pattern]) => pattern.test(text));
  if (look) return look[1];
  if (/insert into oidc_artifacts/.test(text)) return `insert ${values[1]}`;
  const [, verb, table] =
    /(insert) into (\w+)/.exec(text) ??
    /(delete) from (\w+)/.exec(text) ??
    /(update) (\w+)/.exec(text) ??
    /(select)[\s\S]*? from (\w+)/.exec(text) ??
    [];
  return `${verb} ${table}`;
}

/**
 * Read by the clock and not by the request: every client, with its tenants, and every connection once
 * in two seconds, keys in five.
 */
const byTheClock = new Set(['select client_tenants', 'select connections', 'select signing_keys']);

let world: World;
let watched: Watched;
let application: Application;
let person: Person;
let visitor: Visitor;
let tokens: Tokens;

/** The service of `world`, but in this process, where its queries can be seen. */
beforeAll(async () => {
  world = await openWorld();
  person = await world.addPerson();
  application = await Application.of(world);
  watched = await serveHere(world);
  visitor = newVisitor();
  tokens = await application.signIn(visitor, person);
});

afterAll(async () => {
  await watched?.stop();
  await world?.close();
});

/** Fails, showing what was asked instead, unless the flow asks exactly this. */
async function asks(flow: () => Promise<unknown>, expected: readonly string[]): Promise<void> {
  watched.database.asked = [];
  await flow();
  const asked = watched.database.asked.map(summaryOf).filter((one) => !byTheClock.has(one));
  assert.deepEqual(asked, expected);
}

/** A code to tokens, and userinfo asked with them. */
const redeemed = [
  'select token with Grant, Session and account',
  'update oidc_artifacts',
  'insert AccessToken',
  'insert RefreshToken',
  'select token with Grant, Session and account',
];

describe('what each flow asks of the database', () => {
  test('userinfo', async () => {
    await asks(
      () => application.userinfo(tokens),
      ['select token with Grant, Session and account'],
    );
  });

  test('introspection', async () => {
    await asks(() => introspect(tokens), ['select token with Grant, Session and account']);
  });

  test('refresh', async () => {
    await asks(async () => {
      tokens = await application.refresh(tokens.refresh_token);
    }, [
      'select token with Grant, Session and account',
      'update oidc_artifacts',
      'insert RefreshToken',
      'insert AccessToken',
    ]);
  });

  test('a repeat sign-in, from the request to userinfo', async () => {
    await asks(async () => {
      const attempt = await application.request();
      const page = await visitor.open(attempt.url);
      answerOf(page);
      await application.userinfo(await application.redeem(attempt, page));
    }, ['select Session with Grants and account', 'insert AuthorizationCode', ...redeemed]);
  });

  test('a sign-in with a password, from the request to userinfo', async () => {
    await asks(signInWithPassword, passwordSignIn(['insert known_browsers']));
  });

  test('the same in a browser that is new to the account, of which its person is told', async () => {
    visitor.cookies.clear();
    const told = ['select tenants', 'select lock', 'insert mails'];
    await asks(signInWithPassword, passwordSignIn(['insert known_browsers', ...told]));
  });

  test('whether a handle is available, asked while typing', async () => {
    const { typing, url } = await signUpInProgress();
    await asks(
      () => typing.fetch(url),
      [
        'select artifact',
        'select sign_ins',
        'select tenants',
        'insert rate_limits',
        'select handles',
      ],
    );
  });
});

/** In a browser that has signed in before, and out. */
async function signInWithPassword(): Promise<void> {
  for (const name of ['session', 'session.sig']) {
    visitor.cookies.set(world.url, `${name}=; Path=/; Max-Age=0`);
  }
  await application.userinfo(await application.signIn(visitor, person));
}

function passwordSignIn(meetingTheBrowser: readonly string[]): string[] {
  return [
    'insert Interaction',
    ...['select artifact', 'select sign_ins', 'select tenants', 'insert sign_ins'],
    // The form comes back.
    ...['select artifact', 'select sign_ins', 'select tenants'],
    'insert rate_limits',
    'select accounts',
    'update rate_limits',
    ...['select account', 'select factors'],
    'begin',
    ...['update accounts', ...meetingTheBrowser, 'delete sign_ins', 'insert audit'],
    'commit',
    'insert Interaction',
    // The provider goes on.
    ...['select artifact', 'delete oidc_artifacts', 'select account'],
    ...['insert Grant', 'insert AuthorizationCode', 'insert Session'],
    ...redeemed,
  ];
}

async function introspect({ access_token }: Tokens): Promise<void> {
  const { id, secret } = application.client;
  const answer = await fetch(`${world.issuer}/introspection`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ token: access_token }),
  });
  assert.equal(((await answer.json()) as { active: boolean }).active, true);
}

/** As if its visitor had just typed the code from the mail. */
async function signUpInProgress(): Promise<{ typing: Visitor; url: string }> {
  const typing = newVisitor();
  const page = await typing.open((await application.request()).url);
  await world.database.query(
    `update sign_ins set intent = 'sign-up', proved_at = now(), tenant_id = $1,
      email = 'new@mail.example', email_key = 'new@mail.example'`,
    [world.defaultTenantId],
  );
  return { typing, url: `${page.url.origin}${page.url.pathname}/availability?handle=grace` };
}
