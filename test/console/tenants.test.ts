import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openWorld, type World } from '../oidc/world.ts';
import { admin, adminToken, allPages } from './admin.ts';

let world: World;
let other: { id: string; slug: string };
let own: { id: string; slug: string };
let all: string;
let ofOwn: string;

beforeAll(async () => {
  world = await openWorld();
  other = await world.addTenant();
  own = await world.addTenant();
  all = await adminToken(world);
  ofOwn = await adminToken(world, { allTenants: false, tenantIds: [own.id] });
});
afterAll(() => world.close());

const post = (path: string, body: object | undefined, token = all) =>
  admin(world, path, { method: 'POST', token, body });
const patch = (path: string, body: object, token = all) =>
  admin(world, path, { method: 'PATCH', token, body });

describe('a community', () => {
  test('is added, found by any of its names, and changed', async () => {
    const made = await post('/tenants', {
      slug: 'chess',
      name: 'Chess',
      domains: ['chess.example'],
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    for (const name of ['chess', 'chess.example', made.body.id as string]) {
      assert.equal((await admin(world, `/tenants/${name}`, { token: all })).body.slug, 'chess');
    }
    const changed = await patch('/tenants/chess', { signUp: 'closed', accent: '#1d6f42' });
    assert.deepEqual(
      [changed.body.signUp, (changed.body.branding as { accent: string }).accent],
      ['closed', '#1d6f42'],
    );
    const taken = await post('/tenants', { slug: 'chess', name: 'Again' });
    assert.deepEqual([taken.status, taken.body.error], [409, 'slug_taken']);
  });

  test('takes no domain that is none, and none of another', async () => {
    for (const [domain, status, error] of [
      ['https://chess.example', 400, 'domain_invalid'],
      ['CHESS.example', 400, 'domain_invalid'],
      ['chess', 400, 'domain_invalid'],
      ['chess.example', 409, 'domain_taken'],
    ] as const) {
      const { status: got, body } = await patch(`/tenants/${own.id}`, { domains: [domain] });
      assert.deepEqual([got, body.error], [status, error], domain);
    }
  });

  test('is changed in all that is said or in nothing, and only from what was looked at', async () => {
    const before = await admin(world, `/tenants/${own.id}`, { token: all });
    const half = await patch(`/tenants/${own.id}`, { name: 'Half', status: 'suspended' }, ofOwn);
    assert.equal(half.status, 403);
    const after = await admin(world, `/tenants/${own.id}`, { token: all });
    assert.deepEqual(after.body, before.body);
    assert.equal((await patch(`/tenants/${own.id}`, { languages: ['en'] })).status, 200);
    const stale = await admin(world, `/tenants/${own.id}`, {
      ...{ method: 'PATCH', token: all, body: { status: 'suspended' } },
      headers: { 'if-match': before.headers.get('etag') ?? '' },
    });
    assert.deepEqual([stale.status, stale.body.error], [412, 'precondition_failed']);
  });

  test('swaps domains with another that does so at once, without either waiting for ever', async () => {
    const swap = (id: string, domain: string) => patch(`/tenants/${id}`, { domains: [domain] });
    for (let turn = 0; turn < 10; turn += 1) {
      await Promise.all([swap(own.id, 'one.example'), swap(other.id, 'two.example')]);
      const answers = await Promise.all([
        swap(own.id, 'two.example'),
        swap(other.id, 'one.example'),
      ]);
      for (const { status } of answers) assert.ok([200, 409].includes(status), `${status}`);
    }
  });

  test('is suspended and resumed by who administers all', async () => {
    const suspended = await patch(`/tenants/${other.id}`, { status: 'suspended' });
    assert.equal(suspended.body.status, 'suspended');
    const resumed = await patch(`/tenants/${other.id}`, { status: 'active' });
    assert.equal(resumed.body.status, 'active');
  });
});

describe('who administers one community', () => {
  test('changes what is its own, and nothing that reaches beyond', async () => {
    const { status } = await patch(
      `/tenants/${own.id}`,
      { name: 'Ours', accent: '#1d6f42' },
      ofOwn,
    );
    assert.equal(status, 200);
    for (const more of [
      { emailDomains: ['gmail.com'] },
      { domains: ['mine.example'] },
      { offered: true },
      { status: 'suspended' },
    ]) {
      const answer = await patch(`/tenants/${own.id}`, more, ofOwn);
      assert.deepEqual([answer.status, answer.body.error], [403, 'administration_limited']);
    }
    const elsewhere = await patch(`/tenants/${other.id}`, { name: 'Mine' }, ofOwn);
    assert.deepEqual([elsewhere.status, elsewhere.body.error], [404, 'tenant_not_found']);
    const more = await post('/tenants', { slug: 'mine', name: 'Mine' }, ofOwn);
    assert.deepEqual([more.status, more.body.error], [403, 'administration_limited']);
  });

  test('invites into it, and into no other', async () => {
    const made = await post('/invitations', { tenant: own.slug, uses: 3 }, ofOwn);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.match(made.body.link as string, /\/invitation\?token=[\w-]{43}$/);
    const { id } = made.body as { id: string };
    const seen = await admin(world, `/invitations/${id}`, { token: ofOwn });
    assert.deepEqual([seen.body.usesLeft, seen.body.usedBy], [3, []]);
    assert.ok(!JSON.stringify(seen.body).includes((made.body.link as string).slice(-43)));
    const foreign = await post('/invitations', { tenant: other.slug }, ofOwn);
    assert.deepEqual([foreign.status, foreign.body.error], [404, 'tenant_not_found']);
    const theirs = (await post('/invitations', { tenant: other.slug })).body.id as string;
    for (const method of ['GET', 'DELETE']) {
      const answer = await admin(world, `/invitations/${theirs}`, { method, token: ofOwn });
      assert.deepEqual([answer.status, answer.body.error], [404, 'invitation_not_found']);
    }
    const mine = await allPages<{ id: string }>(world, '/invitations', ofOwn);
    assert.deepEqual(
      mine.map((one) => one.id),
      [id],
    );
    const ended = await admin(world, `/invitations/${id}`, { method: 'DELETE', token: ofOwn });
    assert.equal(ended.body.state, 'revoked');
  });

  test('answers whoever asks to join it, and nobody else', async () => {
    const ask = async (tenantId: string) => {
      const [row] = await world.database.query<{ id: string }>(
        `insert into sign_up_requests (id, tenant_id, subject, email, name, way, expires_at)
          values (gen_random_uuid(), $1, gen_random_uuid()::text, 'ada@example.org', 'Ada', 'email',
            now() + interval '1 day') returning id`,
        [tenantId],
      );
      return row?.id as string;
    };
    const mine = await ask(own.id);
    const theirs = await ask(other.id);
    const waiting = await allPages<{ id: string }>(world, '/sign-up-requests?state=waiting', ofOwn);
    assert.deepEqual(
      waiting.map(({ id }) => id),
      [mine],
    );
    const approved = await post(`/sign-up-requests/${mine}/approve`, undefined, ofOwn);
    assert.deepEqual([approved.body.state, approved.body.mailed], ['approved', true]);
    const foreign = await post(`/sign-up-requests/${theirs}/refuse`, undefined, ofOwn);
    assert.deepEqual([foreign.status, foreign.body.error], [404, 'sign_up_request_not_found']);
  });
});

describe('connections', () => {
  test('of another community are as if there were none', async () => {
    await world.database.query(
      `insert into connections (id, tenant_id, name, issuer, client_id, token_endpoint_auth_method,
          scopes, claims) values ('theirs', $1, 'Theirs', 'https://sso.example', 'us', 'none',
          '{openid}', '{}')`,
      [other.id],
    );
    assert.deepEqual(await allPages(world, '/connections', ofOwn), []);
    for (const answer of [
      await admin(world, '/connections/theirs', { token: ofOwn }),
      await patch('/connections/theirs', { disabled: true }, ofOwn),
      await admin(world, '/connections/theirs', { method: 'DELETE', token: ofOwn }),
    ]) {
      assert.deepEqual([answer.status, answer.body.error], [404, 'connection_not_found']);
    }
  });

  test('are changed and disabled, and nobody but the operator vouches for addresses', async () => {
    const ofOther = await adminToken(world, { allTenants: false, tenantIds: [other.id] });
    const claims = { email: 'mail', name: 'displayName' };
    const changed = await patch('/connections/theirs', { claims, disabled: true }, ofOther);
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.deepEqual(changed.body.claims, claims);
    assert.ok(changed.body.disabledAt);
    const vouched = await patch('/connections/theirs', { vouchForEmail: true }, ofOther);
    assert.deepEqual([vouched.status, vouched.body.error], [403, 'administration_limited']);
    assert.equal((await patch('/connections/theirs', { vouchForEmail: true })).status, 200);
    const odd = await patch('/connections/theirs', { claims: { sub: 'email' } });
    assert.deepEqual([odd.status, odd.body.error], [400, 'claim_invalid']);
  });
});
