import { AppError } from '../errors.ts';

export function clientNotFound(id: string): AppError {
  return new AppError('client_not_found', {
    message: `There is no client ${id}. See: openmeet-id clients list`,
  });
}
