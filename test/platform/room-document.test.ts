import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { assertDescribed, type Document, readDocument } from '../oidc/described.ts';
import { openWorld, type Person, type World } from '../oidc/world.ts';
import { openPlatform, type Platform } from './room-platform.ts';

let world: World;
let document: Document;
let platform: Platform;
let person: Person;

beforeAll(async () => {
  world = await openWorld();
  document = await readDocument(world);
  platform = await openPlatform(world);
  person = await world.addPerson();
});
afterAll(() => world.close());

/** Path and method in the document, and what is asked there. */
type Asked = [path: string, method: string, url: string, body?: unknown];

describe('the OpenAPI document', () => {
  test('tells the truth about rooms, members and events', async () => {
    const rooms = '/matrix/rooms';
    const byEntity = `${rooms}/by-entity/{type}/{slug}`;
    const member = `${byEntity}/members/{userSlug}`;
    const url = `${rooms}/by-entity/event/jazz`;
    const [levels, events, access] = ['/matrix/permissions', '/events', '/matrix/access'];
    const jazz = { entityType: 'event', entitySlug: 'jazz', creatorSlug: 'ada' };
    const level = { roomId: '!jazz:matrix.example', userSlug: 'ada', powerLevel: 0 };
    const event = { id: 'e', type: 'event.created', occurredAt: '2026-01-01T00:00:00Z' };
    const members = [{ userSlug: 'bea', role: 'attendee' }];
    const asked: Asked[] = [
      [rooms, 'post', rooms, jazz],
      [rooms, 'post', `${rooms}?wait=40`, jazz],
      [rooms, 'get', `${rooms}?limit=1`],
      [byEntity, 'get', url],
      [byEntity, 'get', url.replace('event', 'space')],
      [byEntity, 'patch', url, { name: 'Jazz', avatarUrl: null }],
      [member, 'put', `${url}/members/bea`, { role: 'organizer' }],
      [member, 'put', `${url}/members/bea`, { role: 'king' }],
      [member, 'delete', `${url}/members/bea`],
      [`${byEntity}/members`, 'put', `${url}/members`, { members }],
      [`${byEntity}/members`, 'get', `${url}/members`],
      [`${byEntity}/sync`, 'post', `${url}/sync`],
      [`${rooms}/{roomId}`, 'get', `${rooms}/!none:matrix.example`],
      [levels, 'post', levels, level],
      [levels, 'post', levels, { ...level, powerLevel: -1 }],
      [levels, 'post', levels, { ...level, powerLevel: 100 }],
      [events, 'post', events, { ...event, entitySlug: 'jazz' }],
      [events, 'post', events, { events: [event, { ...event, id: 7 }, null] }],
      [events, 'post', events, { events: {} }],
      [`${access}/revoke`, 'post', `${access}/revoke`, { accountId: person.id }],
      [`${access}/restore`, 'post', `${access}/restore`, { accountId: person.id }],
      [`${access}/restore`, 'post', `${access}/restore`, { userSlug: 'nobody' }],
      [byEntity, 'delete', `${url}?purge=true`],
      [byEntity, 'patch', url, { name: 'Jazz' }],
    ];
    const statuses = new Set<number>();
    for (const [path, method, where, body] of asked) {
      const answer = await platform.ask(method.toUpperCase(), where, body);
      statuses.add(answer.status);
      assertDescribed(document, { path, method }, answer);
    }
    assert.deepEqual([...statuses].sort(), [200, 400, 403, 404, 409]);
  });

  test('shows what an event holds, though each is judged by itself', () => {
    const body = document.paths['/events']?.post?.requestBody?.content['application/json'].schema;
    assert.match(JSON.stringify(body), /"\$ref":"#\/components\/schemas\/Event"/);
    const { required } = document.components.schemas.Event as { required: string[] };
    assert.deepEqual(required, ['id', 'type', 'occurredAt']);
  });

  test('says that every write takes an Idempotency-Key, and nothing else does', () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { parameters, responses }] of Object.entries(operations)) {
        const takes = parameters.some((it) => it.in === 'header' && it.name === 'Idempotency-Key');
        assert.equal(takes, method !== 'get', `${method} ${path}`);
        assert.equal('422' in responses, takes, `${method} ${path}`);
      }
    }
  });
});
