import { randomUUID } from 'node:crypto';
import type { Synapse } from '../support/synapse.ts';
import { until } from '../support/until.ts';

export const bot = '@openmeet-bot:matrix.example';

export type Answer = { status: number; body: Record<string, unknown> };
export type StateEvent = { type: string; state_key: string; content: Record<string, unknown> };

/** Somebody with rooms of their own, whom this service knows nothing of. */
export type Human = {
  id: string;
  call(method: string, path: string, body?: object): Promise<Answer>;
  createRoom(order?: object): Promise<string>;
  say(roomId: string, body: string): Promise<void>;
  state(roomId: string): Promise<StateEvent[]>;
  setLevel(roomId: string, userId: string, level: number): Promise<void>;
  /** What the bot says in a room, as soon as it matches. */
  hears(roomId: string, words: RegExp): Promise<string>;
};

/** Synapse must let people sign in by password. */
export async function newHuman(synapse: Synapse, name: string): Promise<Human> {
  const id = `@${name}:${synapse.serverName}`;
  await synapse.admin('PUT', `/_synapse/admin/v2/users/${id}`, { password: 'secret!' });
  const login = { type: 'm.login.password', identifier: { type: 'm.id.user', user: name } };
  const call = async (method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${synapse.url}/_matrix/client/v3${path}`, {
      method,
      headers: token ? { authorization: `Bearer ${token}` } : {},
      body: body && JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
  let token = '';
  token = String(
    (await call('POST', '/login', { ...login, password: 'secret!' })).body.access_token,
  );
  const inRoom = (roomId: string) => `/rooms/${encodeURIComponent(roomId)}`;
  const done = async (method: string, path: string, body?: object) => {
    const answer = await call(method, path, body);
    if (answer.status === 200) return answer.body;
    throw new Error(`${name}: ${method} ${path}: ${JSON.stringify(answer)}`);
  };
  const human: Human = {
    ...{ id, call },
    createRoom: async (order = {}) => String((await done('POST', '/createRoom', order)).room_id),
    say: async (roomId, body) => {
      const content = { msgtype: 'm.text', body };
      await done('PUT', `${inRoom(roomId)}/send/m.room.message/${randomUUID()}`, content);
    },
    state: async (roomId) => (await call('GET', `${inRoom(roomId)}/state`)).body as never,
    async setLevel(roomId, userId, level) {
      const path = `${inRoom(roomId)}/state/m.room.power_levels/`;
      const levels = (await done('GET', path)) as { users: Record<string, number> };
      await done('PUT', path, { ...levels, users: { ...levels.users, [userId]: level } });
    },
    hears: (roomId, words) =>
      until(
        async () => {
          const { chunk } = (await done('GET', `${inRoom(roomId)}/messages?dir=b&limit=50`)) as {
            chunk: { sender: string; content: { body?: string; msgtype?: string } }[];
          };
          return chunk
            .filter(({ sender, content }) => sender === bot && content.msgtype === 'm.notice')
            .map(({ content }) => content.body ?? '')
            .find((body) => words.test(body));
        },
        { what: `the bot to say ${words} to ${name}` },
      ),
  };
  return human;
}
