import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Application, newVisitor } from '../oidc/application.ts';
import { furnish, type World } from '../oidc/world.ts';
import { prepareService } from '../support/service.ts';
import { Company } from './company.ts';
import { stranger } from './person.ts';

describe('an address at the domain of an organisation with a provider of its own', () => {
  let company: Company;
  let world: World;
  let tenant: { id: string; slug: string };
  /** Of the organisation alone, and of everybody. */
  let app: Application;
  let everybodys: Application;
  const secret = 'a-secret-of-the-company-0123456789';
  const colleague = () => `${stranger().sub}@corp.example`;

  beforeAll(async () => {
    const prepared = await prepareService({ env: { UPSTREAM_ALLOWED_NETWORKS: '127.0.0.1/32' } });
    company = await Company.start({
      client_id: 'openmeet',
      client_secret: secret,
      redirect_uris: [`${prepared.url}/callback/staff`],
    });
    world = await furnish(await prepared.start());
    tenant = await world.addTenant();
    app = await Application.of(world, { tenantIds: [tenant.id] });
    everybodys = await Application.of(world);
    await world.service.cli(
      ...['connections', 'add', '--tenant', tenant.slug, '--id', 'staff', '--name', 'Acme staff'],
      ...['--issuer', company.url, '--client-id', 'openmeet', '--secret', secret],
      ...['--allowed-email-domain', 'corp.example', '--allowed-email-domain', 'popular.example'],
    );
    await world.service.cli('tenants', 'set', tenant.slug, '--email-domain', 'corp.example');
  });
  afterAll(async () => {
    await world?.close();
    await company?.stop();
  });

  async function type(email: string, from: Application = app, button?: string) {
    const visitor = newVisitor();
    const attempt = await from.request();
    const page = await visitor.open(attempt.url);
    return { visitor, attempt, page: await visitor.submit(page, { email }, { button }) };
  }

  test('is shown that way, and arrives there by name', async () => {
    for (const from of [app, everybodys]) {
      const email = colleague();
      const { visitor, attempt, page } = await type(email, from);
      assert.match(page.text, /Addresses at corp\.example sign in with Acme staff/);
      assert.equal(page.value('email'), email);
      company.person = stranger({ email });
      const profile = await visitor.click(page, 'Continue with Acme staff');
      assert.equal(company.asked.at(-1)?.searchParams.get('login_hint'), email);
      const handle = `h${stranger().sub}`;
      const back = await visitor.submit(profile, { name: 'Ada', handle }, { button: 'Continue' });
      const claims = (await from.redeem(attempt, back)).claims();
      assert.deepEqual([claims?.tenant_id, claims?.email], [tenant.id, email]);
    }
  });

  test('says nothing of whether it has an account', async () => {
    const email = colleague();
    await world.addPerson({ email, tenantId: tenant.id });
    const words = async (address: string) =>
      (await type(address)).page.text.replaceAll(address, 'somebody');
    assert.equal(await words(email), await words(colleague()));
  });

  test('may use a code or a password all the same', async () => {
    const person = await world.addPerson({ email: colleague(), tenantId: tenant.id });
    const { page: code } = await type(person.email, app, 'Email me a code instead');
    assert.equal(code.heading, 'Check your email');
    const { visitor, attempt, page } = await type(person.email);
    const back = await visitor.submit(page, { password: person.password });
    assert.equal((await app.redeem(attempt, back)).claims()?.sub, person.id);
  });

  test('goes straight there as a hint of the application, and sees the page when it comes back', async () => {
    const hint = { login_hint: colleague() };
    company.person = stranger({ email: hint.login_hint });
    const attempt = await app.request(hint);
    assert.match((await newVisitor().open(attempt.url)).url.pathname, /\/profile$/);
    company.refuses = true;
    const page = await newVisitor().open((await app.request(hint)).url);
    company.refuses = false;
    assert.match(page.text, /Acme staff doesn’t let you sign in here/);
    assert.equal(page.value('email'), hint.login_hint);
  });

  test('is not led there from everybody’s page by the provider’s own word', async () => {
    const { page } = await type('ann@popular.example', everybodys);
    assert.equal(page.heading, 'Check your email');
    const { page: bound } = await type('ann@popular.example');
    assert.match(bound.text, /Addresses at popular\.example/);
    for (const address of ['ann@other.example', 'ann@corp.example.evil.example']) {
      assert.equal((await type(address)).page.heading, 'Check your email');
    }
  });
});
