import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { handlePolicy, refusal } from '../../src/handles/policy.ts';
import { candidates, type Person } from '../../src/handles/suggestions.ts';

const policy = handlePolicy({
  serverName: 'matrix.example',
  reservedWords: ['lincoln'],
  reservedPatterns: [],
  appserviceNamespaces: [],
});

describe('candidates', () => {
  const firsts: [person: Person, expected: string[]][] = [
    [
      { name: 'John Doe' },
      ['john.doe', 'johndoe', 'john-doe', 'jdoe', 'johnd', 'doe.john', 'john.doe2'],
    ],
    [{ name: 'José Ángel Muñoz' }, ['jose.munoz', 'josemunoz']],
    [{ name: 'Jürgen Groß' }, ['jurgen.gross']],
    [{ name: 'Øyvind Sæther' }, ['oyvind.saether']],
    [{ name: "Seán O'Connor" }, ['sean.oconnor']],
    [{ name: 'Łukasz Żółć' }, ['lukasz.zolc']],
    [{ name: 'Анна Щукина' }, ['anna.shchukina']],
    [{ name: 'Юрий Цой' }, ['yurii.tsoi']],
    [{ name: 'Νίκος Παππάς' }, ['nikos.pappas']],
    [{ name: 'Nguyễn Thị Hương' }, ['nguyen.huong']],
    [{ email: 'Mary.Jane+news@mail.example' }, ['mary.jane', 'maryjane']],
    [{ name: 'Cher' }, ['cher', 'cher2']],
    [{ wanted: '@John Doe' }, ['john.doe']],
    [{ wanted: 'john', name: 'John Doe' }, ['john', 'john.doe']],
    [{ wanted: '7of9' }, ['of9']],
    [{ name: '山田太郎', email: 'taro@mail.example' }, ['taro']],
    [{ wanted: 'admin', name: 'Ann Lee' }, ['ann.lee']],
    [{ name: 'Admin Ann' }, ['ann']],
    [{ wanted: 'adm1n', email: 'no.reply@mail.example', name: 'Bo Berg' }, ['bo.berg']],
  ];
  for (const [person, expected] of firsts) {
    test(`for ${JSON.stringify(person)} begin with ${expected.join(', ')}`, () => {
      assert.deepEqual(candidates(person, policy).slice(0, expected.length), expected);
    });
  }

  test('have something for everybody', () => {
    for (const person of [{}, { name: '山田太郎' }, { wanted: 'admin' }, { wanted: '!!' }]) {
      assert.ok(candidates(person, policy).length >= 1, JSON.stringify(person));
    }
  });

  test('are never made from a reserved word', () => {
    const made = candidates(
      { wanted: 'L1ncoln', name: 'Support', email: 'root@a.example' },
      policy,
    );
    for (const handle of made) assert.match(handle, /^[a-z]+-[a-z]+\d\d$/);
  });

  test('follow the rules whatever the person is called', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ unit: fc.constantFrom(...'jJ0 .-_@+:éßЩ'), maxLength: 80 }),
    );
    const person = fc.record({ name: text, email: text, wanted: text });
    fc.assert(
      fc.property(person, (someone) => {
        const made = candidates(someone, policy);
        assert.ok(made.length <= 24);
        assert.equal(new Set(made).size, made.length);
        for (const handle of made) assert.equal(refusal(handle, policy), undefined, handle);
      }),
      { numRuns: 500 },
    );
  });

  test('keep their number when the name is long', () => {
    const name = 'Wolfeschlegelsteinhausenbergerdorff Senior';
    const numbered = candidates({ name }, policy, () => 0.5).filter((it) => /\d$/.test(it));
    assert.ok(numbered.some((handle) => handle.endsWith('5500')));
  });
});
