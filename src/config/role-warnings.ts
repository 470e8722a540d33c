import type { Settings } from './environment.ts';

/** What is allowed, but hardly meant, in a process that has one role only: a sentence each. */
export function roleWarnings(settings: Settings): string[] {
  const { ROLE: role, SYNAPSE_URL, MATRIX_ACCESS_TOKEN: token, MATRIX_PROVISIONING } = settings;
  const warnings: string[] = [];
  if (role === 'web' && token) {
    warnings.push(
      'MATRIX_ACCESS_TOKEN is dropped by a process with --role web: give it to the worker alone.',
    );
  }
  if (role === 'web' && SYNAPSE_URL && !token && !MATRIX_PROVISIONING) {
    warnings.push(
      'MATRIX_PROVISIONING is not set: handles are given away before Synapse has their users. Set it to on where a worker has MATRIX_ACCESS_TOKEN.',
    );
  }
  if (role === 'worker' && SYNAPSE_URL && !token) {
    warnings.push('MATRIX_ACCESS_TOKEN is not set: this worker does nothing on Synapse.');
  }
  return warnings;
}
