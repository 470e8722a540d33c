import type { Tasks } from '../../jobs/task.ts';
import { confirmRoomLinkTask } from './confirm-room-link.ts';
import { type AppserviceTaskOptions, linkDependencies } from './dependencies.ts';
import { linkRoomTask } from './link-room.ts';
import { joinLinkedRoomTask, leaveUnlinkedRoomTask, letGoOfRoomTask } from './membership-events.ts';

export type AppserviceTaskName =
  | 'join-linked-room'
  | 'confirm-room-link'
  | 'link-room'
  | 'leave-unlinked-room'
  | 'let-go-of-room';

/** What the bot does beyond keeping rooms: it comes, listens and goes where rooms are linked. */
export function appserviceTasks(options: AppserviceTaskOptions): Tasks<AppserviceTaskName> {
  const dependencies = linkDependencies(options);
  return {
    'join-linked-room': joinLinkedRoomTask(dependencies),
    'confirm-room-link': confirmRoomLinkTask(dependencies),
    'link-room': linkRoomTask(dependencies),
    'leave-unlinked-room': leaveUnlinkedRoomTask(dependencies),
    'let-go-of-room': letGoOfRoomTask(dependencies),
  };
}
