import type { JobName } from '../jobs/catalogue.ts';
import type { Tasks } from '../jobs/task.ts';
import { accessTask } from './access.ts';
import { deactivateTask } from './deactivate.ts';
import { devicesTask } from './devices.ts';
import { profileTask } from './profile.ts';
import { type MatrixTaskOptions, provisionTask } from './provision.ts';

export type MatrixTaskName = Extract<
  JobName,
  | 'provision-matrix-user'
  | 'update-matrix-profile'
  | 'sync-matrix-access'
  | 'look-at-matrix-devices'
  | 'look-at-new-matrix-device'
  | 'deactivate-matrix-user'
>;

/** All work on the homeserver. Only the worker role has the token that these need. */
export function matrixTasks(options: MatrixTaskOptions): Tasks<MatrixTaskName> {
  return {
    'provision-matrix-user': provisionTask(options),
    'update-matrix-profile': profileTask(options),
    'sync-matrix-access': accessTask(options),
    'look-at-matrix-devices': devicesTask(options),
    'look-at-new-matrix-device': devicesTask(options),
    'deactivate-matrix-user': deactivateTask(options),
  };
}
