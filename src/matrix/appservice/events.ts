import { z } from 'zod';

/** What PostgreSQL can store, and begins as Matrix says. */
const matrixId = (sigil: string) =>
  z
    .string()
    .max(255)
    .regex(/^\P{C}+$/u)
    .startsWith(sigil);

const clientEvent = z.object({
  type: z.string(),
  room_id: matrixId('!'),
  event_id: matrixId('$'),
  sender: matrixId('@'),
  state_key: z.string().optional(),
  content: z.record(z.string(), z.unknown()),
});

type ClientEvent = z.infer<typeof clientEvent>;

/** What Synapse reported, as far as it asks something of us. */
export type RelevantEvents = {
  /** Places where somebody else may have changed what we keep. */
  changes: { roomId: string; joined: string | null }[];
  /** Rooms that somebody invited the bot to. */
  invitations: string[];
  /** Messages that are meant for the bot. */
  commands: { roomId: string; eventId: string; sender: string }[];
};

/** State that we keep as the platform says. */
const kept = new Set([
  'm.room.power_levels',
  'm.room.name',
  'm.room.topic',
  'm.room.avatar',
  'm.room.join_rules',
  'm.room.history_visibility',
  'm.room.guest_access',
  'm.room.canonical_alias',
  'm.room.member',
  'm.room.tombstone',
  'm.space.child',
  'com.openmeet.room.metadata',
]);

/** What a message to the bot begins with. */
export const commandPrefix = '!openmeet';

/**
 * Reads the events of a transaction one by one: an odd one is passed over, because refusing it would
 * keep all later ones from ever arriving.
 */
export function readEvents(events: readonly unknown[], bot: string): RelevantEvents {
  const signals: RelevantEvents = { changes: [], invitations: [], commands: [] };
  for (const candidate of events) {
    const { data: event } = clientEvent.safeParse(candidate);
    // What the bot did was wanted, and answering itself would never end.
    if (event && event.sender !== bot) read(event, bot, signals);
  }
  return signals;
}

function read(event: ClientEvent, bot: string, signals: RelevantEvents): void {
  const { type, room_id: roomId, event_id: eventId, sender, state_key: key, content } = event;
  const isMember = type === 'm.room.member';
  if (isMember && key === bot && content.membership === 'invite') signals.invitations.push(roomId);
  if (key === undefined && isCommand(event)) signals.commands.push({ roomId, eventId, sender });
  if (key === undefined || !kept.has(type)) return;
  const joined = isMember && content.membership === 'join' ? key : null;
  signals.changes.push({ roomId, joined });
}

function isCommand({ type, content: { body } }: ClientEvent): boolean {
  return type === 'm.room.message' && typeof body === 'string' && body.startsWith(commandPrefix);
}
