import { highest } from '../rooms/levels.ts';
import { commandPrefix } from './events.ts';

type Entity = { entityType: string; entitySlug: string };

const command = `${commandPrefix} link <code>`;

/** What the bot says in rooms. It cannot know which languages people there read. */
export const messages = {
  greeting: `Hello. I was invited because this room is to be linked. If you want that, and may change permissions here: make me an administrator (power level ${highest}) and say

${command}

with the code you were given. From then on the platform decides who is a member, what each of them may do, and what the room is called; nobody is removed just now. Without the code I leave within a day.`,
  encrypted: `Hello. I was invited because this room is to be linked, but it is encrypted, so I cannot read what you say. Make me an administrator (power level ${highest}), and ask whoever operates the platform to finish this with their command “rooms link”. Otherwise I leave within a day.`,
  usage: `To link this room, say: ${command}`,
  unknownCode:
    'I do not know that code for this room. It is for one room only and lasts for a day; ask for a new one where you got it.',
  notAllowed:
    'Only somebody who may change the permissions of this room can link it. Nothing has changed.',
  botTooWeak: (level: number) =>
    `I need power level ${highest} here, and have ${level}: make me an administrator, then say the same again. Nothing has changed yet.`,
  linkedAlready: 'This room is linked.',
  linked: ({ entityType, entitySlug }: Entity) =>
    `Done: this room is linked to the ${entityType} “${entitySlug}”. Its members and their roles follow from now on; whoever is here stays.`,
  room_exists: 'That cannot be linked any more: it has another room by now. I leave.',
  room_linked_elsewhere: 'This room was linked to something else meanwhile. Nothing has changed.',
  notConfirmed: 'Nobody linked this room, so I leave. To try again, ask for a new code.',
  letGo: 'This room is no longer linked. I leave; everything else stays as it is.',
} as const;
