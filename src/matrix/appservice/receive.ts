import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Database } from '../../database/database.ts';
import { readEvents } from './events.ts';
import { MatrixError } from './matrix-error.ts';
import {
  markReceived,
  queueChangedRooms,
  queueCommands,
  queueInvitations,
} from './transactions.store.ts';

export type ReceiveOptions = {
  database: Database;
  hsToken: string;
  /** The bot's Matrix ID. */
  bot: string;
  serverName: string;
};

const transaction = z.object({ events: z.array(z.unknown()) });

/**
 * Takes what Synapse reports, once: work that follows is queued in the transaction that remembers
 * its id. Synapse counts its transactions from one anew when it loses its database, but then it also
 * gets new tokens, so what was counted under another token does not matter.
 *
 * @throws MatrixError `M_BAD_JSON`, `M_INVALID_PARAM`
 */
export async function receive(
  { database, hsToken, bot, serverName }: ReceiveOptions,
  txnId: string,
  body: unknown,
): Promise<void> {
  if (txnId.length > 255) throw new MatrixError(400, 'M_INVALID_PARAM', 'The id is too long.');
  const { data } = transaction.safeParse(body);
  if (!data) throw new MatrixError(400, 'M_BAD_JSON', 'There must be a list of events.');
  const series = createHash('sha256').update(hsToken).digest('base64url').slice(0, 16);
  const { changes, invitations, commands } = readEvents(data.events, bot);
  await database.transaction(async (tx) => {
    if (!(await markReceived(tx, `${series}:${txnId}`))) return;
    if (changes.length > 0) await queueChangedRooms(tx, changes, serverName);
    if (invitations.length > 0) await queueInvitations(tx, invitations);
    if (commands.length > 0) await queueCommands(tx, commands);
  });
}
