import { z } from 'zod';

// None of these can be a step upwards in the path.
const room = z.string().startsWith('!');
const alias = z.string().startsWith('#');
const eventType = z.string().regex(/^[a-z][\w.]*$/);
const stateKey = z.string().regex(/^$|^[!@#]/);
const taskId = z.string().regex(/^\w+$/);
const client = '/_matrix/client/v3';
const inRoom = (id: string) => `${client}/rooms/${e(room.parse(id))}`;
const e = encodeURIComponent;

/** Members are added one after the other on the server, and a room is made of ten events. */
const slowly = 60_000;

const stateEvent = z.object({
  type: z.string(),
  state_key: z.string(),
  sender: z.string(),
  origin_server_ts: z.number(),
  content: z.record(z.string(), z.unknown()),
});
export type StateEvent = z.infer<typeof stateEvent>;

const nothing = z.object({});
const deletion = z.object({ status: z.string() });

/** What the worker may ask of rooms, as part of the table of all endpoints. */
export const roomEndpoints = {
  capabilities: {
    method: 'GET',
    path: () => `${client}/capabilities`,
    answer: z.object({
      capabilities: z.object({ 'm.room_versions': z.object({ default: z.string() }) }),
    }),
  },
  'create room': {
    method: 'POST',
    path: () => `${client}/createRoom`,
    answer: z.object({ room_id: z.string() }),
    timeoutMs: slowly,
  },
  'read room': {
    method: 'GET',
    path: (id: string) => `/_synapse/admin/v1/rooms/${e(room.parse(id))}`,
    answer: z.object({
      version: z.string().nullish(),
      joined_local_members: z.number(),
      tombstoned: z.boolean().optional(),
      replacement_room: z.string().nullish(),
    }),
  },
  'read room state': {
    method: 'GET',
    path: (id: string) => `/_synapse/admin/v1/rooms/${e(room.parse(id))}/state`,
    answer: z.object({ state: z.array(stateEvent) }),
    timeoutMs: slowly,
  },
  'set room state': {
    method: 'PUT',
    path: (id: string, type: string, key: string) =>
      `${inRoom(id)}/state/${e(eventType.parse(type))}/${e(stateKey.parse(key))}`,
    answer: nothing,
    timeoutMs: slowly,
  },
  'find alias': {
    method: 'GET',
    path: (id: string) => `${client}/directory/room/${e(alias.parse(id))}`,
    answer: z.object({ room_id: z.string() }),
  },
  'put alias': {
    method: 'PUT',
    path: (id: string) => `${client}/directory/room/${e(alias.parse(id))}`,
    answer: nothing,
  },
  'delete alias': {
    method: 'DELETE',
    path: (id: string) => `${client}/directory/room/${e(alias.parse(id))}`,
    answer: nothing,
  },
  'put into room': {
    method: 'POST',
    path: (id: string) => `/_synapse/admin/v1/join/${e(room.parse(id))}`,
    answer: nothing,
    timeoutMs: slowly,
  },
  'invite to room': {
    method: 'POST',
    path: (id: string) => `${inRoom(id)}/invite`,
    answer: nothing,
  },
  'kick from room': { method: 'POST', path: (id: string) => `${inRoom(id)}/kick`, answer: nothing },
  'ban from room': { method: 'POST', path: (id: string) => `${inRoom(id)}/ban`, answer: nothing },
  'unban from room': {
    method: 'POST',
    path: (id: string) => `${inRoom(id)}/unban`,
    answer: nothing,
  },
  'join room': { method: 'POST', path: (id: string) => `${inRoom(id)}/join`, answer: nothing },
  'leave room': { method: 'POST', path: (id: string) => `${inRoom(id)}/leave`, answer: nothing },
  'regain power': {
    method: 'POST',
    path: (id: string) => `/_synapse/admin/v1/rooms/${e(room.parse(id))}/make_room_admin`,
    answer: nothing,
  },
  'delete room': {
    method: 'DELETE',
    path: (id: string) => `/_synapse/admin/v2/rooms/${e(room.parse(id))}`,
    answer: z.object({ delete_id: z.string() }),
  },
  'read room deletions': {
    method: 'GET',
    path: (id: string) => `/_synapse/admin/v2/rooms/${e(room.parse(id))}/delete_status`,
    answer: z.object({ results: z.array(deletion) }),
  },
  'read deletion': {
    method: 'GET',
    path: (id: string) => `/_synapse/admin/v2/rooms/delete_status/${e(taskId.parse(id))}`,
    answer: deletion,
  },
  'upload picture': {
    method: 'POST',
    path: () => '/_matrix/media/v3/upload',
    answer: z.object({ content_uri: z.string().startsWith('mxc://') }),
    timeoutMs: slowly,
  },
} as const;
