import { z } from 'zod';
import { conversationEndpoints } from './appservice/endpoints.ts';
import { roomEndpoints } from './rooms/endpoints.ts';

const synapseUser = z.object({
  name: z.string(),
  displayname: z.string().nullish(),
  avatar_url: z.string().nullish(),
  admin: z.coerce.boolean(),
  deactivated: z.coerce.boolean(),
  locked: z.coerce.boolean().default(false),
  erased: z.coerce.boolean().default(false),
  is_guest: z.coerce.boolean(),
  appservice_id: z.string().nullish(),
  user_type: z.string().nullish(),
  external_ids: z.array(z.object({ auth_provider: z.string(), external_id: z.string() })),
  threepids: z.array(z.object({ medium: z.string(), address: z.string() })),
});

export type SynapseUser = z.infer<typeof synapseUser>;

// Neither can be a step upwards in the path.
const user = z.string().startsWith('@');
const email = z.string().includes('@');
const v1 = '/_synapse/admin/v1';
const v2 = '/_synapse/admin/v2';
const e = encodeURIComponent;

/**
 * The whole of Synapse that we ever call. A server admin's token can do anything, so what is not
 * in this table cannot be called with it.
 */
export const endpoints = {
  'read user': {
    method: 'GET',
    path: (id: string) => `${v2}/users/${e(user.parse(id))}`,
    answer: synapseUser,
  },
  'put user': {
    method: 'PUT',
    path: (id: string) => `${v2}/users/${e(user.parse(id))}`,
    answer: synapseUser,
  },
  'read devices': {
    method: 'GET',
    path: (id: string) => `${v2}/users/${e(user.parse(id))}/devices`,
    answer: z.object({
      total: z.number(),
      // A dehydrated one is no client: it waits for the keys of those that are away.
      devices: z.array(z.object({ device_id: z.string(), dehydrated: z.boolean().optional() })),
    }),
  },
  'delete devices': {
    method: 'POST',
    path: (id: string) => `${v2}/users/${e(user.parse(id))}/delete_devices`,
    answer: z.object({}),
  },
  'find email': {
    method: 'GET',
    path: (address: string) => `${v1}/threepid/email/users/${e(email.parse(address))}`,
    answer: z.object({ user_id: z.string() }),
  },
  'deactivate user': {
    method: 'POST',
    path: (id: string) => `${v1}/deactivate/${e(user.parse(id))}`,
    answer: z.object({}),
  },
  'register bot': {
    method: 'POST',
    path: () => '/_matrix/client/v3/register',
    answer: z.object({ user_id: z.string() }),
  },
  'ping us': {
    method: 'POST',
    path: (id: string) => `/_matrix/client/v1/appservice/${e(id)}/ping`,
    answer: z.object({ duration_ms: z.number() }),
  },
  'who am I': {
    method: 'GET',
    path: () => '/_matrix/client/v3/account/whoami',
    answer: z.object({ user_id: z.string() }),
  },
  'server version': {
    method: 'GET',
    path: () => `${v1}/server_version`,
    answer: z.object({ server_version: z.string() }),
  },
  ...roomEndpoints,
  ...conversationEndpoints,
} as const;

export type Endpoint = keyof typeof endpoints;
export type Answer<E extends Endpoint> = z.infer<(typeof endpoints)[E]['answer']>;
/** What the path of an endpoint is made of. */
export type PathParts<E extends Endpoint> = Parameters<(typeof endpoints)[E]['path']>;
