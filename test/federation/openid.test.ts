import assert from 'node:assert/strict';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { RowIds } from '../../src/oidc/row-ids.ts';
import { Application, newVisitor } from '../oidc/application.ts';
import { furnish, type World } from '../oidc/world.ts';
import type { Visitor } from '../support/forms.ts';
import { prepareService } from '../support/service.ts';
import { Company } from './company.ts';
import { type Claims, stranger } from './person.ts';

const secret = 'a-secret-of-the-company-0123456789';

let company: Company;
let world: World;
let app: Application;
let tenant: { id: string; slug: string };

beforeAll(async () => {
  const prepared = await prepareService({ env: { UPSTREAM_ALLOWED_NETWORKS: '127.0.0.1/32' } });
  company = await Company.start({
    client_id: 'openmeet',
    client_secret: secret,
    redirect_uris: ['staff', 'strict'].map((id) => `${prepared.url}/callback/${id}`),
  });
  world = await furnish(await prepared.start());
  tenant = await world.addTenant();
  app = await Application.of(world, { tenantIds: [tenant.id] });
  await addConnection('staff', '--name', 'Acme staff', '--claim', 'name=displayName');
  await addConnection(
    'strict',
    ...['--name', 'Acme strict', '--allowed-email-domain', 'corp.example'],
    ...['--claim', 'groups=realm_access.roles', '--allowed-group', 'chat'],
  );
});
afterAll(async () => {
  await world?.close();
  await company?.stop();
});
beforeEach(() => {
  company.refuses = false;
});

function addConnection(id: string, ...options: string[]) {
  return world.service.cli<{ redirectUri: string }>(
    ...['connections', 'add', '--tenant', tenant.slug, '--id', id, '--issuer', company.url],
    ...['--client-id', 'openmeet', '--secret', secret, ...options],
  );
}

async function through(way: string, person: Claims, visitor: Visitor = newVisitor()) {
  const attempt = await app.request();
  const page = await visitor.open(attempt.url);
  company.person = person;
  return { visitor, attempt, page: await visitor.click(page, way) };
}

async function signUp(way: string, person: Claims, handle: string) {
  const { visitor, attempt, page } = await through(way, person);
  const back = await visitor.submit(page, { name: 'Grace', handle }, { button: 'Continue' });
  return (await app.redeem(attempt, back)).claims();
}

async function signIn(way: string, person: Claims) {
  const { attempt, page } = await through(way, person);
  return (await app.redeem(attempt, page)).claims();
}

describe('a tenant’s own provider', () => {
  test('signs people up and in, with the claims that the connection names', async () => {
    const person = stranger({ displayName: 'Grace B. Hopper', preferred_username: 'ghopper' });
    const { visitor, attempt, page } = await through('Acme staff', person);
    assert.equal(page.value('name'), 'Grace B. Hopper');
    assert.equal(page.value('handle'), 'ghopper');
    const back = await visitor.submit(page, { handle: 'ghopper' }, { button: 'Continue' });
    const claims = (await app.redeem(attempt, back)).claims();
    assert.equal(claims?.tenant_id, tenant.id);
    assert.equal(claims?.email, person.email);
    assert.equal((await signIn('Acme staff', person))?.sub, claims?.sub);
  });

  test('is asked with PKCE, state and nonce', async () => {
    await through('Acme staff', stranger());
    const asked = company.asked.at(-1)?.searchParams;
    assert.equal(asked?.get('code_challenge_method'), 'S256');
    for (const name of ['state', 'nonce', 'code_challenge']) {
      assert.match(asked?.get(name) ?? '', /^[\w-]{43}$/, name);
    }
  });

  test('may rotate its keys between two sign-ins', async () => {
    const person = stranger();
    const sub = (await signUp('Acme staff', person, 'key.turner'))?.sub;
    await company.rotateKeys();
    assert.equal((await signIn('Acme staff', person))?.sub, sub);
  });

  test('knows a person by its own subject, never by the address', async () => {
    const person = stranger();
    const sub = (await signUp('Acme staff', person, 'first.owner'))?.sub;
    const { page } = await through('Acme staff', { ...stranger(), email: person.email });
    assert.match(page.heading, /Connect Acme staff to your account/);
    const moved = { ...person, email: `new-${person.email}` };
    assert.equal((await signIn('Acme staff', moved))?.sub, sub);
  });

  test('says who is refused, and the person chooses another way', async () => {
    company.refuses = true;
    const { page } = await through('Acme staff', stranger());
    assert.match(page.text, /Acme staff doesn’t let you sign in here/);
  });

  test('admits only the groups and domains that the connection allows', async () => {
    const email = (name: string) => `${name}@corp.example`;
    const roles = { realm_access: { roles: ['chat', 'other'] } };
    const admitted = await through('Acme strict', stranger({ email: email('in'), ...roles }));
    assert.match(admitted.page.url.pathname, /\/profile$/);
    const outsiders = [
      { email: email('out'), realm_access: { roles: ['other'] } },
      { email: email('out') },
      roles,
      { email: email('out'), email_verified: false, ...roles },
      { email: 'a@corp.example.evil.example', ...roles },
    ];
    for (const outsider of outsiders) {
      const { page } = await through('Acme strict', stranger(outsider));
      assert.match(page.text, /this community doesn’t take that account/);
    }
  });

  test('is another’s even with the same subject at another connection', async () => {
    const person = stranger({
      email: `${stranger().sub}@corp.example`,
      realm_access: { roles: ['chat'] },
    });
    await signUp('Acme staff', person, 'same.subject');
    const { page } = await through('Acme strict', person);
    assert.match(page.heading, /Connect Acme strict to your account/);
  });

  test('is not there for other tenants', async () => {
    const other = await world.addTenant();
    const elsewhere = await Application.of(world, { tenantIds: [other.id] });
    const visitor = newVisitor();
    const page = await visitor.open((await elsewhere.request()).url);
    assert.doesNotMatch(page.text, /Acme st/);
    assert.equal((await visitor.open(`${page.url.href}/with/staff`)).status, 404);
  });

  test('lets nobody into another community, whatever it says of them', async () => {
    const other = await world.addTenant();
    const both = await Application.of(world);
    const visitor = newVisitor();
    const attempt = await both.request({ tenant: tenant.slug });
    company.person = stranger({ email: `boss@${other.slug}.example` });
    const page = await visitor.open(attempt.url);
    const arrived = await visitor.click(page, 'Acme staff');
    assert.match(arrived.url.pathname, /\/profile$/);
    const url = new URL(arrived.url.href.replace(/profile$/, 'community'));
    const fields = new URLSearchParams({ tenant: other.slug });
    const refused = await visitor.send({ url, method: 'POST', fields }, arrived);
    assert.equal(refused.status, 400);
    const profile = await visitor.open(arrived.url);
    const back = await visitor.submit(
      profile,
      { name: 'Boss', handle: 'stays.here' },
      { button: 'Continue' },
    );
    assert.equal((await both.redeem(attempt, back)).claims()?.tenant_id, tenant.id);
  });

  test('counts where the person left from, also when another tab chose anew', async () => {
    const other = await world.addTenant();
    const everywhere = await Application.of(world);
    const visitor = newVisitor();
    const attempt = await everywhere.request();
    const page = await visitor.open(attempt.url);
    const uid = page.url.pathname.split('/')[2] ?? '';
    const id = new RowIds(world.fingerprints).of(uid);
    const choose = (chosen: string | null) =>
      world.database.query('update sign_ins set tenant_id = $2 where id = $1', [id, chosen]);
    await choose(tenant.id);
    company.person = stranger({ email: `boss@${other.slug}.example` });
    const leaving = await visitor.fetch(`${page.url.href}/with/staff`);
    await choose(other.id);
    const arrived = await visitor.open(String(leaving.headers.location));
    assert.match(arrived.url.pathname, /\/profile$/);
    const back = await visitor.submit(
      arrived,
      { name: 'Boss', handle: 'left.from' },
      { button: 'Continue' },
    );
    assert.equal((await everywhere.redeem(attempt, back)).claims()?.tenant_id, tenant.id);
  });

  test('that does not answer is said to be so, and the page is still there', async () => {
    await world.database.query(
      `update connections set issuer = 'http://127.0.0.1:9', updated_at = now() where id = 'strict'`,
    );
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const { page } = await through('Acme strict', stranger());
    assert.match(page.text, /Signing in with Acme strict didn’t work/);
    assert.ok(page.has('[name=password]'));
    const rows = await world.database.query<{ tenant: string; detail: object }>(
      `select tenant_id as tenant, detail from audit
        where action = 'upstream.sign_in_failed' and detail->>'connection' = 'strict'
        order by id desc limit 1`,
    );
    const message =
      'The discovery of http://127.0.0.1:9 failed: A call to 127.0.0.1:9 failed (ECONNREFUSED).';
    const reason = 'upstream_failed';
    const detail = { connection: 'strict', reason, message, check: 'ECONNREFUSED' };
    assert.deepEqual(rows, [{ tenant: tenant.id, detail }], 'the operator reads why');
  });
});

describe('the command line', () => {
  const add = (...options: string[]) =>
    world.service.cli(...['connections', 'add', '--tenant', tenant.slug, ...options]);
  const refusedFor = async (issuer: string, code: string, ...more: string[]) => {
    const attempt = add(
      ...['--id', 'another', '--name', 'Another', '--issuer', issuer],
      ...['--client-id', 'x', '--secret', secret, ...more],
    );
    await assert.rejects(attempt, ({ stdout, stderr }) => `${stdout}${stderr}`.includes(code));
  };

  test('takes no issuer that is another’s', async () => {
    await refusedFor('https://accounts.google.com', 'issuer_invalid');
    await refusedFor(world.issuer, 'issuer_invalid');
    await refusedFor(`${company.url}/other`, 'upstream_failed');
    await refusedFor('https://user@sso.example', 'issuer_invalid');
    const other = await world.addTenant();
    const taken = world.service.cli(
      ...['connections', 'add', '--tenant', other.slug, '--id', 'theirs', '--name', 'Theirs'],
      ...['--issuer', company.url, '--client-id', 'x', '--secret', secret],
    );
    await assert.rejects(taken, ({ stdout, stderr }) => /issuer_taken/.test(`${stdout}${stderr}`));
  });

  test('takes no issuer inside a private network', async () => {
    await refusedFor('https://10.0.0.1', 'upstream_failed');
  });

  test('shows no secret, disables, changes and removes', async () => {
    const shown = await world.service.cli<object>('connections', 'show', 'staff');
    assert.ok(!JSON.stringify(shown).includes(secret) && !('secretSealed' in shown));
    const disabled = await world.service.cli<{ disabledAt: string | null }>(
      ...['connections', 'disable', 'staff'],
    );
    assert.ok(disabled.disabledAt);
    const changed = await world.service.cli<{ name: string; jwksUri: string }>(
      ...['connections', 'set', 'staff', '--name', 'Staff', '--auth-method', 'private_key_jwt'],
    );
    assert.equal(changed.name, 'Staff');
    assert.equal(changed.jwksUri, `${world.url}/oauth/jwks.json`);
    await assert.rejects(world.service.cli('connections', 'remove', 'staff'));
    assert.deepEqual(await world.service.cli('connections', 'remove', 'staff', '--force'), {
      id: 'staff',
      removed: true,
    });
  });
});
