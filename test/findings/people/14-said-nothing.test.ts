import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { useGoogle } from '../../federation/google-world.ts';
import { type Claims, stranger } from '../../federation/person.ts';
import { usePlain } from '../../federation/plain-world.ts';
import { newVisitor } from '../../oidc/application.ts';

const picture = (name: string) => `https://pictures.example/${name}.png`;

describe('a provider that says nothing of something once', () => {
  const { signIn, signUp, world } = usePlain({ staff: [] });
  const all = (claims: Claims = {}) => stranger({ picture: picture('one'), ...claims });
  const without = (person: Claims, ...names: string[]) =>
    Object.fromEntries(Object.entries(person).filter(([name]) => !names.includes(name)));
  const newHandle = () => `h${stranger().sub}`;

  async function keyOf({ sub }: Claims): Promise<string | null | undefined> {
    const [row] = await world().database.query<{ key: string | null }>(
      'select email_key as key from accounts where id = $1',
      [sub],
    );
    return row?.key;
  }

  test('is followed again when it speaks of it: name, picture and address', async () => {
    const person = all();
    await signUp('staff', person, newHandle());
    const quiet = await signIn('staff', without(person, 'name', 'picture', 'email'));
    assert.deepEqual(
      [quiet.name, quiet.picture, quiet.email],
      [person.name, person.picture, person.email],
    );
    const news = { name: 'Grace B. Hopper', picture: picture('two'), email: stranger().email };
    const claims = await signIn('staff', { ...person, ...news });
    assert.deepEqual({ name: claims.name, picture: claims.picture, email: claims.email }, news);
  });

  test('or cannot vouch for the address once, is followed to the next: the old one is no way in', async () => {
    const person = all();
    await signUp('staff', person, newHandle());
    await signIn('staff', { ...person, email_verified: false });
    const moved = stranger().email;
    const claims = await signIn('staff', { ...person, email: moved });
    assert.equal(claims.email, moved);
    assert.equal(await keyOf(claims), moved);
  });

  test('is still not followed in what the person chose here', async () => {
    const person = all();
    const { sub } = await signUp('staff', person, newHandle());
    await world().database.query(`update accounts set name = 'Countess' where id = $1`, [sub]);
    await signIn('staff', without(person, 'name'));
    assert.equal((await signIn('staff', { ...person, name: 'Ada' })).name, 'Countess');
  });

  test('says another thing than one that says that there is none', async () => {
    for (const none of [null, '']) {
      const person = all();
      await signUp('staff', person, newHandle());
      assert.equal((await signIn('staff', { ...person, picture: none })).picture, undefined);
      const back = picture('back');
      assert.equal((await signIn('staff', { ...person, picture: back })).picture, back);
    }
  });

  test('or names a picture that no browser should fetch is followed to the next one', async () => {
    const person = all({ picture: 'http://pictures.example/plain.png' });
    const first = await signUp('staff', person, newHandle());
    assert.equal(first.picture, undefined);
    const claims = await signIn('staff', { ...person, picture: picture('safe') });
    assert.equal(claims.picture, picture('safe'));
  });

  test('is followed to an address when whoever had it here gave it up', async () => {
    const holder = await world().addPerson();
    const person = all();
    const { sub } = await signUp('staff', person, newHandle());
    const moved = { ...person, email: holder.email };
    assert.equal((await signIn('staff', moved)).email, person.email);
    await world().database.query(
      `update accounts set email = 'x' || email, email_key = 'x' || email_key where id = $1`,
      [holder.id],
    );
    assert.equal((await signIn('staff', moved)).email, holder.email);
    assert.equal(await keyOf({ sub }), holder.email);
  });

  test('is followed by an address in capitals', async () => {
    const person = all({ email: `Grace.${stranger().sub}@Corp.Example` });
    await signUp('staff', person, newHandle());
    const moved = stranger().email;
    assert.equal((await signIn('staff', { ...person, email: moved })).email, moved);
  });

  test('has the new address shown on Matrix', async () => {
    const person = all();
    const { sub } = await signUp('staff', person, newHandle());
    const queued = async () => {
      const [row] = await world().database.query<{ count: number }>(
        `select count(*)::int as count from graphile_worker.jobs where key = $1`,
        [`update-matrix-profile:${sub}`],
      );
      return row?.count;
    };
    const before = await queued();
    await signIn('staff', { ...person, email: stranger().email });
    assert.deepEqual([before, await queued()], [0, 1]);
  });
});

describe('Google', () => {
  const { redeem, signUp, throughGoogle } = useGoogle();

  test('is followed again after a sign-in without name and a proved address', async () => {
    const person = stranger();
    await signUp(person, 'followed.again');
    const signIn = async (claims: Claims) => {
      const { attempt, page } = await throughGoogle(newVisitor(), claims);
      return (await redeem(attempt, page)).claims();
    };
    await signIn({ sub: person.sub, email: person.email, email_verified: false });
    const news = { name: 'Grace B. Hopper', email: stranger().email };
    const claims = await signIn({ ...person, ...news });
    assert.deepEqual({ name: claims?.name, email: claims?.email }, news);
  });
});
