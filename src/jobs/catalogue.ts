import { z } from 'zod';

export type Definition = {
  /** Ids only: failed jobs stay in the database in clear. */
  payload: z.ZodObject;
  /**
   * Fields of the payload, or what else a statement says. Of waiting jobs with the same values there
   * is one: a new one replaces it, so that many reasons for one thing become one job.
   */
  key: readonly string[];
  /** Fields: jobs with the same values run one after the other, up to half a second apart. */
  queue?: readonly string[];
  /** How often to try, with growing pauses of up to six hours; 100 unless given (three weeks). */
  maxAttempts?: number;
  /** Jobs of a lower number come first; 0 unless given. */
  priority?: number;
};

const ofAccount = { payload: z.object({ accountId: z.uuid() }), key: ['accountId'] } as const;
const ofMatrixRoom = { payload: z.object({ roomId: z.string() }), key: ['roomId'] } as const;

/**
 * People who wait for a code or a handle come first; who changed one room before what somebody did by
 * hand there, and before who changed all.
 */
export const roomPriority = { single: 10, reported: 15, many: 20 } as const;

/** Every job there is. */
export const catalogue = {
  // The moment that it is for, in seconds: all workers together make one.
  upkeep: { payload: z.object({ at: z.int() }), key: ['at'], queue: [] },
  'send-mail': { payload: z.object({ id: z.uuid() }), key: ['id'], maxAttempts: 10 },
  'backchannel-logout': {
    payload: z.object({ clientId: z.string(), sub: z.string(), sid: z.string() }),
    key: ['clientId', 'sid'],
    // So that an application that hangs keeps no more than one of all the worker's hands.
    queue: ['clientId'],
    // About three days.
    maxAttempts: 20,
  },
  // The account is part of the key: a takeover must not end the retries of what it took over.
  'provision-matrix-user': {
    payload: z.object({ handle: z.string(), accountId: z.uuid().optional() }),
    key: ['handle', 'accountId'],
  },
  'update-matrix-profile': ofAccount,
  'sync-matrix-access': ofAccount,
  'look-at-matrix-devices': { ...ofAccount, maxAttempts: 3 },
  // The same later: it must not be replaced by the one that somebody waits for.
  'look-at-new-matrix-device': ofAccount,
  'deactivate-matrix-user': {
    payload: z.object({ accountId: z.uuid(), erase: z.boolean().default(false) }),
    key: ['accountId'],
  },
  'sync-room': {
    payload: z.object({ room: z.uuid(), pictureTries: z.number().default(0) }),
    key: ['room'],
    priority: roomPriority.single,
  },
  'sync-all-rooms': {
    // `after`: up to this one they are done; whoever asks anew wants all of them from the first on.
    payload: z.object({ tenantId: z.uuid().nullable(), after: z.uuid().nullable() }),
    key: ['tenantId', 'after'],
    priority: roomPriority.single,
  },
  'reconcile-rooms': { payload: z.object({ run: z.uuid() }), key: ['run'] },
  // Somebody in a room waits for these: they are tried over some hours.
  'join-linked-room': { ...ofMatrixRoom, maxAttempts: 10 },
  'confirm-room-link': {
    payload: z.object({ roomId: z.string(), eventId: z.string() }),
    key: ['roomId', 'sender'],
    maxAttempts: 10,
  },
  'link-room': { payload: z.object({ room: z.uuid() }), key: ['room'], maxAttempts: 10 },
  'leave-unlinked-room': { ...ofMatrixRoom, maxAttempts: 10 },
  'let-go-of-room': {
    payload: z.object({ room: z.uuid(), roomId: z.string(), alias: z.string().nullable() }),
    key: ['roomId'],
  },
} as const satisfies Record<string, Definition>;

export type JobName = keyof typeof catalogue;

/** As the catalogue's schema reads it. */
export type JobPayload<Name extends JobName> = z.output<(typeof catalogue)[Name]['payload']>;
