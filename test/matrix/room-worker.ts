import { openDatabase } from '../../src/database/open.ts';
import type { RoomTaskOptions } from '../../src/matrix/rooms/dependencies.ts';
import { roomTasks } from '../../src/matrix/rooms/tasks.ts';
import { Synapse } from '../../src/matrix/synapse.ts';

export type RoomWorkerOrder = Pick<RoomTaskOptions, 'serverName' | 'settings'> & {
  databaseUrl: string;
  url: string;
  accessToken: string;
  room: string;
  /** At which of its calls to Synapse it stops, from 1. */
  nth: number;
  /** With the call under way, or answered and not yet learned of. */
  when: 'during' | 'after';
};

/** A process that works on a room and stops for ever at one of its calls, to be killed by a test. */
const order = JSON.parse(process.env.ORDER ?? '') as RoomWorkerOrder;
const { databaseUrl, url, accessToken, room, nth, when, ...settings } = order;
const synapse = new Synapse({ url, accessToken });
const call = synapse.call.bind(synapse);
let calls = 0;
synapse.call = async (endpoint, ...rest) => {
  calls += 1;
  const answer = call(endpoint, ...rest);
  if (calls !== nth) return answer;
  if (when === 'after') await Promise.allSettled([answer]);
  console.log(`stopped at ${endpoint}`);
  return new Promise(() => {});
};
const tasks = roomTasks({
  ...settings,
  ...{ synapse, database: await openDatabase({ url: databaseUrl, poolSize: 3 }) },
  fetchPicture: async () => new Blob([]),
});
await tasks['sync-room']({ room, pictureTries: 0 }, { jobId: '1', attempt: 1, last: false });
console.log('done');
process.exit(0);
