import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Application, type Attempt, newVisitor } from '../../oidc/application.ts';
import type { World } from '../../oidc/world.ts';
import { addMachine, call, tokenOf } from '../../platform/api.ts';
import type { Visitor } from '../../support/forms.ts';
import { codeIn } from '../../support/mail.ts';
import type { Page } from '../../support/page.ts';

export type Made = { id: string; email: string; platformSlug: string; platformUserId: string };

/** The platform's program and its words about guests. */
export class GuestBook {
  readonly #world: World;
  readonly token: string;

  private constructor(world: World, token: string) {
    this.#world = world;
    this.token = token;
  }

  static async open(world: World, tenantId = world.defaultTenantId): Promise<GuestBook> {
    const scopes = ['guests:write', 'accounts:read', 'accounts:write', 'handoff:write'];
    const machine = await addMachine(world, { tenantIds: [tenantId], scopes });
    return new GuestBook(world, await tokenOf(world, machine));
  }

  /** With an address that nobody else has, unless told which. */
  async add(email = newAddress(), name = 'Somebody Invited'): Promise<Made> {
    const names = { platformUserId: `u-${email}`, platformSlug: `slug-${email}` };
    const body = { email, name, ...names };
    const answer = await call(this.#world, '/guests', { token: this.token, method: 'POST', body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body as Made;
  }

  async has({ id }: { id: string }): Promise<boolean> {
    return (await call(this.#world, `/guests/${id}`, { token: this.token })).status === 200;
  }

  account(id: string) {
    return call(this.#world, `/accounts/${id}`, { token: this.token });
  }
}

export function newAddress(): string {
  return `guest${randomBytes(5).toString('hex')}@mail.example`;
}

export type Arrival = { visitor: Visitor; attempt: Attempt; page: Page };

/** Up to the choice of a name and handle, the address proved by its code. */
export async function proveNew(world: World, app: Application, email: string): Promise<Arrival> {
  const visitor = newVisitor();
  const attempt = await app.request({ prompt: 'create' });
  const code = await visitor.submit(await visitor.open(attempt.url), { email });
  const page = await visitor.submit(code, { code: await codeFor(world, email) });
  assert.match(page.url.pathname, /\/profile$/, page.text);
  return { visitor, attempt, page };
}

/** From there past the password that nobody sets. */
export async function finishNew(arrival: Arrival, handle = newHandle()): Promise<Arrival> {
  const { visitor } = arrival;
  const chosen = await visitor.submit(arrival.page, { name: 'Rosa Parks', handle });
  return { ...arrival, page: await visitor.submit(chosen, {}, { button: /Skip/ }) };
}

/** To wherever a code leads an account that exists. */
export async function signInByCode(
  world: World,
  app: Application,
  email: string,
  params: Record<string, string> = {},
): Promise<Arrival> {
  const visitor = newVisitor();
  const attempt = await app.request(params);
  const page = await visitor.open(attempt.url);
  const code = await visitor.submit(page, { email }, { button: /code/i });
  return {
    visitor,
    attempt,
    page: await visitor.submit(code, { code: await codeFor(world, email) }),
  };
}

export async function codeFor(world: World, email: string): Promise<string> {
  return codeIn(await world.service.mailbox.waitForMail(email, { subject: /code|address/i }));
}

export function newHandle(): string {
  return `g${randomBytes(5).toString('hex')}`;
}
