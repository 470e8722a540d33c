import type { Tasks } from '../../jobs/task.ts';
import type { RoomTaskOptions } from './dependencies.ts';
import { reconcileTask } from './reconcile.ts';
import { syncRoomTask } from './sync.ts';
import { syncAllRoomsTask } from './sync-all.ts';

export type RoomTaskName = 'sync-room' | 'sync-all-rooms' | 'reconcile-rooms';

/** All work on rooms. Only the worker role has the token that it needs. */
export function roomTasks(options: RoomTaskOptions): Tasks<RoomTaskName> {
  return {
    'sync-room': syncRoomTask(options),
    'sync-all-rooms': syncAllRoomsTask(options),
    'reconcile-rooms': reconcileTask(options),
  };
}
