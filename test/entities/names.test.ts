import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { aliasCandidates, fullAlias, roomName } from '../../src/entities/names.ts';

const settings = {
  names: {
    event: '{name}',
    group: '{name} ({tenant})',
    workspace: 'Mosaic: {name}',
    organization: '{slug}',
  },
  aliases: {
    event: 'event-{tenant}-{slug}',
    group: 'group-{tenant}-{slug}',
    workspace: 'mosaic-{slug}',
    organization: 'organization-{tenant}-{slug}',
  },
};
const entity = {
  tenantSlug: 'acme',
  entityType: 'workspace',
  entitySlug: 'rockets',
  name: 'Rockets',
} as const;
const server = 'matrix.example';

describe('the name of a room', () => {
  test('is its template, filled in', () => {
    assert.equal(roomName(settings, entity), 'Mosaic: Rockets');
    assert.equal(roomName(settings, { ...entity, entityType: 'group' }), 'Rockets (acme)');
    assert.equal(roomName(settings, { ...entity, entityType: 'organization' }), 'rockets');
  });

  test('is made of the slug where the entity has no name', () => {
    assert.equal(roomName(settings, { ...entity, name: null }), 'Mosaic: rockets');
  });

  test('takes a name as it is, also one that looks like a template', () => {
    const name = '{slug} $& {tenant}';
    assert.equal(roomName(settings, { ...entity, name }), `Mosaic: ${name}`);
  });
});

describe('the alias of a room', () => {
  const first = (slug: string) =>
    aliasCandidates(settings, { ...entity, entitySlug: slug }, server)[0];

  test('is its template, then with the tenant, then with what is only its own', () => {
    const [plain, withTenant, own, ...more] = aliasCandidates(settings, entity, server);
    assert.deepEqual([plain, withTenant], ['mosaic-rockets', 'mosaic-rockets-acme']);
    assert.match(own ?? '', /^mosaic-rockets-[0-9a-f]{12}$/);
    assert.deepEqual(more, []);
  });

  test('has what can be typed of the slug', () => {
    assert.equal(first('JS Workshop v2.0_final'), 'mosaic-js-workshop-v2.0_final');
    assert.equal(first('Été à Paris'), 'mosaic-ete-a-paris');
    assert.equal(first('#a:b/c'), 'mosaic-a-b-c');
    assert.match(first('茶道') ?? '', /^mosaic-[0-9a-f]{12}$/);
  });

  test('fits what Matrix allows, and tells long slugs apart that begin alike', () => {
    const [one, other] = [first(`${'a'.repeat(250)}1`), first(`${'a'.repeat(250)}2`)];
    assert.notEqual(one, other);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 255 }), (entitySlug) => {
        for (const alias of aliasCandidates(settings, { ...entity, entitySlug }, server)) {
          assert.match(alias, /^mosaic-[a-z0-9._-]+$/);
          assert.ok(Buffer.byteLength(fullAlias(alias, server)) <= 255);
        }
      }),
    );
  });
});
