import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { stranger } from '../../federation/person.ts';
import { usePlain } from '../../federation/plain-world.ts';

const { lastFailure, through } = usePlain({ club: ['--allowed-group', 'chat'] });

const groups = (count: number) => Array.from({ length: count }, (_, at) => `group-${at}`);

describe('whoever is in very many groups', () => {
  test('is admitted by any of them, the last one as well', async () => {
    const { page } = await through('club', stranger({ groups: [...groups(600), 'chat'] }));
    assert.match(page.url.pathname, /\/profile$/, page.text);
  });

  test('is refused where none of them is allowed', async () => {
    const { page } = await through('club', stranger({ groups: groups(601) }));
    assert.match(page.text, /doesn’t take that account/);
    assert.match(String((await lastFailure()).message), /in none of the allowed groups/);
  });

  test('and whose provider names none is told apart for the operator', async () => {
    await through('club', stranger({ _claim_names: { groups: 'src1' } }));
    assert.match(String((await lastFailure()).message), /names no groups/);
  });
});
