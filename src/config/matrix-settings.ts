import * as format from './formats.ts';
import type { Setting } from './setting.ts';

/** Of the homeserver, its users and its rooms. */
export const matrixSettings = {
  MATRIX_SERVER_NAME: {
    description: 'The part after the colon in `@handle:server`. It can never change.',
    schema: format.serverName,
    default: 'matrix.example',
    production: "Set it to the homeserver's server_name.",
  },
  SYNAPSE_URL: {
    description: 'Where this service reaches Synapse.',
    schema: format.origin,
    otherwise: 'no homeserver is called',
  },
  SYNAPSE_PUBLIC_URL: {
    description: 'Where browsers reach Synapse.',
    schema: format.origin,
    otherwise: 'SYNAPSE_URL',
  },
  MATRIX_ACCESS_TOKEN: {
    description: 'Token with which the worker acts on Synapse. Needs SYNAPSE_URL.',
    schema: format.text,
    otherwise: 'nothing is provisioned',
    secret: true,
  },
  MATRIX_PROVISIONING: {
    description:
      'Whether a new handle waits for its Matrix user. To be set to `on` for a process with `--role web`, which has no token to tell it by.',
    schema: format.oneOf('on', 'off'),
    otherwise: '`on` with MATRIX_ACCESS_TOKEN, else `off`',
  },
  MATRIX_HS_TOKEN: {
    description:
      "The `hs_token` of the bot's registration, by which Synapse proves that it is itself. Opens `/_matrix/app/v1`.",
    schema: format.text,
    otherwise: 'Synapse cannot report what happens in rooms',
    secret: true,
  },
  MATRIX_BOT_LOCALPART: {
    description: 'Name of the bot: the part of its Matrix ID before the colon.',
    schema: format.matching('a localpart such as openmeet-bot', /^[a-z0-9._=/-]{1,100}$/),
    default: 'openmeet-bot',
  },
  MATRIX_ROOM_NAMES: {
    description:
      'How rooms are named by type of entity: `type=template` separated by semicolons. Templates may hold `{name}`, `{slug}` and `{tenant}`.',
    schema: format.templates(['event', 'group', 'workspace', 'organization']),
    default: 'event={name};group={name};workspace=Mosaic: {name};organization={name}',
  },
  MATRIX_ROOM_ALIASES: {
    description:
      'The same for the localparts of their aliases. Each must begin with some letters of its own, which become a namespace of the bot.',
    schema: format.aliasTemplates(['event', 'group', 'workspace', 'organization']),
    default:
      'event=event-{tenant}-{slug};group=group-{tenant}-{slug};workspace=mosaic-{slug};organization=organization-{tenant}-{slug}',
  },
  MATRIX_ROOM_HISTORY: {
    description:
      'What new members of a room can read: from when they `joined`, from when they were `invited`, or all (`shared`).',
    schema: format.oneOf('joined', 'invited', 'shared'),
    default: 'joined',
  },
  MATRIX_ENCRYPTED_ROOMS: {
    description:
      'Types of entity whose new rooms are encrypted, separated by commas. Encryption can never be turned off again.',
    schema: format.someOf('event', 'group', 'workspace', 'organization'),
    otherwise: 'none',
  },
  MATRIX_STRANGERS: {
    description:
      'What becomes of people who came into a room by other means than the platform: `remove` or `keep`.',
    schema: format.oneOf('remove', 'keep'),
    default: 'remove',
  },
  MATRIX_REMOVAL_SHARE: {
    description:
      'Percent of the people of a room, or of a tenant in one hour, whose removal waits for an operator to confirm it.',
    schema: format.wholeNumber(1, 100),
    default: '30',
  },
  MATRIX_TENANT_SPACES: {
    description: 'Whether each tenant has a space with its rooms in it.',
    schema: format.oneOf('on', 'off'),
    default: 'off',
  },
  MATRIX_RECONCILE_HOURS: {
    description:
      'Hours between two comparisons of all rooms with what they should be; 0 for never.',
    schema: format.wholeNumber(0, 8760),
    default: '24',
  },
} as const satisfies Record<string, Setting>;
