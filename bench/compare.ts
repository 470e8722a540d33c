import { type Flow, type Result, type Stretch, stretch, summarise } from './measure.ts';
import type { Peer, PeerName } from './peers.ts';
import type { Postgres } from './postgres.ts';

export type Row = Result & {
  operation: string;
  peer: PeerName;
  /** Flows at once. */
  at: number;
  /** Statements per flow; undefined without a database. */
  queries?: number;
};

export type Contest = {
  operation: string;
  runners: { peer: Peer; flow: Flow }[];
};

export type Effort = {
  concurrencies: readonly number[];
  rounds: number;
  /** Of each stretch. */
  milliseconds: number;
  /** Milliseconds that are not counted, before all others. */
  warmUp: number;
};

const countedFlows = 40;

/** Statements per flow, one flow at a time. */
export async function countQueries(postgres: Postgres, { peer, flow }: Contest['runners'][number]) {
  if (!peer.database) return undefined;
  for (let warm = 0; warm < 5; warm += 1) await flow();
  await postgres.statementsOf(peer.database);
  for (let counted = 0; counted < countedFlows; counted += 1) await flow();
  return (await postgres.statementsOf(peer.database)) / countedFlows;
}

/** Lets the runners take turns, so that whatever else the machine does hits all of them alike. */
export async function compare(
  { operation, runners }: Contest,
  { concurrencies, rounds, milliseconds, warmUp }: Effort,
  postgres: Postgres,
): Promise<Row[]> {
  const watched = (peer: Peer) => ({
    servers: peer.processes.map(({ pid }) => pid),
    postgres: postgres.pid,
  });
  for (const { peer, flow } of runners) {
    // Until the compiler has seen the way often enough: this service waits for PostgreSQL meanwhile
    // and gets there later than the ceiling does.
    await stretch(flow, { concurrency: 8, milliseconds: warmUp }, watched(peer));
  }
  const rows: Row[] = [];
  for (const concurrency of concurrencies) {
    const stretches = runners.map((): Stretch[] => []);
    for (let round = 0; round < rounds; round += 1) {
      const order = [...runners.keys()];
      if (round % 2 === 1) order.reverse();
      for (const index of order) {
        const { peer, flow } = runners[index] as Contest['runners'][number];
        stretches[index]?.push(await stretch(flow, { concurrency, milliseconds }, watched(peer)));
      }
    }
    for (const [index, { peer }] of runners.entries()) {
      rows.push({
        ...{ operation, peer: peer.name, at: concurrency },
        ...summarise(stretches[index] ?? []),
      });
    }
  }
  return rows;
}
