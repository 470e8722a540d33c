import { z } from 'zod';

// None of these can be a step upwards in the path.
const room = z.string().startsWith('!');
const event = z.string().startsWith('$');
const transaction = z.string().regex(/^[\w-]+$/);
const e = encodeURIComponent;
const inRoom = (id: string) => `/_matrix/client/v3/rooms/${e(room.parse(id))}`;

/** What the bot needs to be spoken to, as part of the table of all endpoints. */
export const conversationEndpoints = {
  'read message': {
    method: 'GET',
    path: (id: string, message: string) => `${inRoom(id)}/event/${e(event.parse(message))}`,
    answer: z.object({
      type: z.string(),
      sender: z.string(),
      content: z.record(z.string(), z.unknown()),
    }),
  },
  'say in room': {
    method: 'PUT',
    path: (id: string, txnId: string) =>
      `${inRoom(id)}/send/m.room.message/${transaction.parse(txnId)}`,
    answer: z.object({ event_id: z.string() }),
  },
} as const;
