import { z } from 'zod';
import { entitiesByIds } from '../entities/entities.store.ts';
import { instantOf } from '../entities/instant.ts';
import { AppError } from '../errors.ts';
import { type Outcome, takeEvents } from './event-intake.ts';
import { EventJudge, event, type Judged } from './event-judge.ts';
import { type RoomDependencies, roomsAfter, shownSync, sync, waitQuery } from './room-record.ts';
import { type InternalRoute, internalRoute } from './route.ts';

const atOnce = 1000;
const tenantId = z.uuid().optional().describe('Of all events that name none themselves.');

/** Judged one by one, so that a bad event does not lose the others. */
const body = z.looseObject({ events: z.array(z.unknown()).max(atOnce).optional(), tenantId });

const result = z
  .object({
    id: z.string().nullable().describe("The event's; null where it has none."),
    outcome: z
      .enum(['applied', 'stale', 'duplicate', 'rejected'])
      .describe('`stale`: something newer was known. `duplicate`: reported before.'),
    code: z.string().nullable().describe('Why it was rejected: stable.'),
    message: z.string().nullable().describe('The same for people.'),
    details: z.record(z.string(), z.unknown()).optional(),
    sync: sync.nullable().describe('How far its room is, where it was applied to one.'),
  })
  .meta({ id: 'EventResult' });

export function eventRoutes(parts: RoomDependencies): InternalRoute[] {
  return [postEvents(parts)];
}

function postEvents(parts: RoomDependencies): InternalRoute {
  const { database, provisioning } = parts;
  return internalRoute({
    method: 'post',
    path: '/events',
    operation: 'postEvents',
    summary: 'Reports what happened to entities and their members',
    description: `One event, or up to ${atOnce} in \`events\`, in any order and as often as need be: of two about one thing the newer counts, by sequence, then time, then id.`,
    scope: 'events:write',
    query: waitQuery,
    body,
    shownBody: z.union([event, z.object({ events: z.array(event).max(atOnce), tenantId })]),
    bodyLimit: '2mb',
    tenantOfParts: true,
    answer: {
      status: 200,
      description: 'What became of each, in their order; also where none was good',
      schema: z.object({ results: z.array(result) }),
    },
    async handle({ ctx, client, query, body: { events, ...single }, named }) {
      const judge = new EventJudge(database, client, named);
      const judgements = await judgeAll(judge, events ?? [single]);
      const accepted = judgements.filter((it): it is Judged => !(it instanceof AppError));
      const { outcomes, changes } = await database.transaction((tx) =>
        takeEvents(tx, { ...parts, client }, accepted),
      );
      await roomsAfter(parts, changes, query, ctx);
      const applied = outcomes.filter(({ outcome }) => outcome === 'applied');
      const rooms = await entitiesByIds(
        database,
        applied.flatMap(({ room }) => room ?? []),
      );
      const syncs = new Map(rooms.map((room) => [room.id, shownSync(room, provisioning)]));
      const left = [...outcomes];
      return {
        results: judgements.map((it, place) =>
          it instanceof AppError
            ? rejected((events ?? [single])[place], it)
            : shown(it, left.shift() as Outcome, syncs),
        ),
      };
    },
  });
}

async function judgeAll(
  judge: EventJudge,
  events: readonly unknown[],
): Promise<(Judged | AppError)[]> {
  const now = instantOf(new Date().toISOString());
  const judgements: (Judged | AppError)[] = [];
  for (const given of events) {
    const judgement = await judge.judge(given, now).catch((error: unknown) => {
      if (error instanceof AppError) return error;
      throw error;
    });
    judgements.push(judgement);
  }
  return judgements;
}

function shown(
  { id }: Judged,
  { outcome, room }: Outcome,
  syncs: ReadonlyMap<string, z.input<typeof sync>>,
): z.input<typeof result> {
  const progress = outcome === 'applied' && room ? syncs.get(room) : undefined;
  return { id, outcome, code: null, message: null, sync: progress ?? null };
}

function rejected(given: unknown, { code, message, details }: AppError): z.input<typeof result> {
  const id = z.object({ id: z.string() }).safeParse(given).data?.id ?? null;
  const text = message === code ? null : message;
  return { id, outcome: 'rejected', code, message: text, details, sync: null };
}
