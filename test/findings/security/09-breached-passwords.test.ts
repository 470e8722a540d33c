import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { Application, newVisitor } from '../../oidc/application.ts';
import { openWorld, type Person, type World } from '../../oidc/world.ts';
import { visitAccount } from '../../pages/account/visitor.ts';
import { choose, newEmail, newHandle, proveAddress } from '../../pages/invitation/invitee.ts';
import { codeIn, linkIn } from '../../support/mail.ts';

const breached = 'Zebra.crossing/at.noon';
const unknown = 'Zebra.crossing/at.dusk';
const padding = 'Zebra.crossing/at.dawn';

/** Speaks the range API of Have I Been Pwned: the suffixes that it knows, and padding. */
class RangeServer {
  readonly asked: IncomingMessage[] = [];
  answer: ((response: ServerResponse) => void) | undefined;
  readonly #server = createServer((request, response) => {
    this.asked.push(request);
    if (this.answer) return this.answer(response);
    const prefix = request.url?.slice('/range/'.length) ?? '';
    response.setHeader('content-type', 'text/plain');
    response.end(this.#listOf(prefix).join('\r\n'));
  });

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/range`;
  }

  #listOf(prefix: string): string[] {
    const filler = Array.from(
      { length: 800 },
      (_, at) => `${sha1(`filler ${at}`).slice(5)}:${at % 2 ? at : 0}`,
    );
    const known = [
      [breached, 37],
      [padding, 0],
    ] as const;
    const found = known.filter(([password]) => sha1(password).startsWith(prefix));
    return [...filler, ...found.map(([password, count]) => `${sha1(password).slice(5)}:${count}`)];
  }

  start = () => new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();

describe('a new password', () => {
  const server = new RangeServer();
  let world: World;
  beforeAll(async () => {
    await server.start();
    world = await openWorld({
      env: { PASSWORD_BREACHES_URL: server.url, METRICS_TOKEN: 'metrics-for-tests' },
    });
  });
  afterAll(async () => {
    await world?.close();
    await server.stop();
  });
  beforeEach(() => {
    server.asked.length = 0;
    server.answer = undefined;
  });

  async function change(person: Person, password: string) {
    const { visitor } = await visitAccount(world, person);
    const page = await visitor.open(`${world.url}/account/password`);
    return visitor.submit(page, { current: person.password, password });
  }

  test('that was in a breach is refused, wherever one is chosen', async () => {
    const person = await world.addPerson();
    const said = /was in a breach/;
    assert.match((await change(person, breached)).text, said, 'at the account page');

    const visitor = newVisitor();
    const signIn = await visitor.open(`${world.url}/account`);
    const recovery = await visitor.click(signIn, /forgot/i);
    const code = await visitor.submit(recovery, { email: person.email });
    const mail = await world.service.mailbox.waitForMail(person.email, { subject: /password/i });
    const form = await visitor.submit(code, { code: codeIn(mail) });
    assert.match((await visitor.submit(form, { password: breached })).text, said, 'by a code');

    const other = newVisitor();
    const link = await other.submit(await other.open(linkIn(mail, /recover/)));
    assert.match((await other.submit(link, { password: breached })).text, said, 'by a link');

    const app = await Application.of(world);
    const newcomer = newVisitor();
    const signUp = await newcomer.open((await app.request({ prompt: 'create' })).url);
    const profile = await proveAddress(world, newcomer, signUp, newEmail());
    const last = await choose(newcomer, profile, newHandle());
    assert.match((await newcomer.submit(last, { password: breached })).text, said, 'by signing up');
  });

  test('that was in none is taken, also where it stands in the padding of the answer', async () => {
    for (const password of [unknown, padding]) {
      const person = await world.addPerson();
      const done = await change(person, password);
      assert.doesNotMatch(done.text, /was in a breach/);
      await visitAccount(world, { ...person, password });
    }
  });

  test('is told to nobody but by five digits of its hash, and padding is asked for', async () => {
    await change(await world.addPerson(), breached);
    const [request, another] = server.asked;
    assert.ok(request && !another);
    assert.equal(request.method, 'GET');
    assert.equal(request.url, `/range/${sha1(breached).slice(0, 5)}`);
    assert.equal(request.headers['add-padding'], 'true');
    assert.ok(request.headers['user-agent']);
    for (const name of ['cookie', 'authorization', 'referer', 'x-forwarded-for']) {
      assert.equal(request.headers[name], undefined, name);
    }
  });

  test('that our own rules refuse is not asked about at all', async () => {
    await change(await world.addPerson(), 'password1');
    assert.deepEqual(server.asked, []);
  });

  /** All the ways in which a server may fail to answer. */
  const failures: Record<string, (response: ServerResponse) => void> = {
    'an error': (response) => response.writeHead(503).end('down'),
    'a redirect': (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    'a page': (response) => response.end('<html>Please sign in to the network</html>'),
    'a broken connection': (response) => response.destroy(),
    'an endless list': (response) => {
      const line = `${sha1('x').slice(5)}:1\r\n`.repeat(1000);
      const more = () => {
        while (!response.destroyed && response.write(line));
      };
      response.on('drain', more);
      more();
    },
    silence: () => {},
  };
  for (const [what, answer] of Object.entries(failures)) {
    test(`is taken where the answer is ${what}, within seconds, and that is logged and counted`, async () => {
      server.answer = answer;
      const person = await world.addPerson();
      const before = await failed();
      const password = `${breached} ${what}`;
      await change(person, password);
      assert.equal((await failed()) - before, 1);
      await visitAccount(world, { ...person, password });
      const line = world.service.logs().match(/.*breached passwords could not be asked for.*/g);
      assert.ok(line);
      assert.ok(!line.join().includes(sha1(password).slice(5, 15)), 'not a word of the password');
    });
  }

  async function failed(): Promise<number> {
    const response = await fetch(`${world.url}/metrics`, {
      headers: { authorization: 'Bearer metrics-for-tests' },
    });
    const text = await response.text();
    const figure = /^openmeet_password_breach_checks_total\{outcome="failed"\} (\d+)$/m.exec(text);
    return Number(figure?.[1] ?? 0);
  }
});
