import { AppError } from '../errors.ts';

/** Whether a unique index decided against us: somebody else was quicker. */
export function isConflict(error: unknown): boolean {
  if (error instanceof AppError) return error.code.endsWith('_taken');
  return (error as { code?: unknown }).code === '23505';
}
