import type { Task } from '../../jobs/task.ts';
import type { RoomTaskOptions } from './parts.ts';
import { reconcileTask } from './reconcile.ts';
import { syncRoomTask } from './sync.ts';

export type RoomTaskName = 'sync-room' | 'reconcile-rooms';

/** All work on rooms. Only the worker role has the token that it needs. */
export function roomTasks(options: RoomTaskOptions): Record<RoomTaskName, Task> {
  return { 'sync-room': syncRoomTask(options), 'reconcile-rooms': reconcileTask(options) };
}
