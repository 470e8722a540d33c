import assert from 'node:assert/strict';
import { type Guest as SignedIn, visitAccount } from '../pages/account/visitor.ts';
import type { Visitor } from '../support/forms.ts';
import type { Page } from '../support/page.ts';
import { enterPassword } from './application.ts';
import type { Person, World } from './world.ts';

/** Up to the page that asks for a sign-in to the other account. */
export async function beginMerge(world: World, own: Person): Promise<SignedIn> {
  const { visitor } = await visitAccount(world, own);
  const ways = await visitor.open(`${world.url}/account/ways`);
  const start = await visitor.click(ways, 'another account here');
  return { visitor, page: await visitor.submit(start) };
}

/** Both proved, each by its password: the page that asks which handle to keep. */
export async function proveBoth(world: World, own: Person, other: Person): Promise<SignedIn> {
  const { visitor, page } = await beginMerge(world, own);
  const again = await enterPassword(visitor, page, other);
  return { visitor, page: await proveOwn(visitor, again, own) };
}

export async function proveOwn(visitor: Visitor, page: Page, own: Person): Promise<Page> {
  assert.match(page.heading, /Confirm it’s you/, page.text);
  return visitor.submit(page, { password: own.password });
}

/** The last page before it is done. */
export function chooseKept(visitor: Visitor, page: Page, kept: Person): Promise<Page> {
  return visitor.submit(page, { keep: kept.handle }, { button: 'Continue' });
}

export async function merge(
  world: World,
  own: Person,
  other: Person,
  kept: Person,
): Promise<SignedIn> {
  const { visitor, page } = await proveBoth(world, own, other);
  const confirm = await chooseKept(visitor, page, kept);
  return { visitor, page: await visitor.submit(confirm, {}, { button: 'Merge for good' }) };
}

export async function statusOf({ database }: World, { id }: { id: string }): Promise<string> {
  const [row] = await database.query<{ status: string }>(
    'select status from accounts where id = $1',
    [id],
  );
  return row?.status ?? 'none';
}

/** Both as they were. */
export async function assertApart(world: World, ...people: Person[]): Promise<void> {
  for (const person of people) assert.equal(await statusOf(world, person), 'active');
}
