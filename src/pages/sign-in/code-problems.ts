import type { Redemption } from '../../accounts/codes.ts';

const problems = {
  expired: 'code_expired',
  exhausted: 'code_used_up',
  used: 'code_invalid',
  none: 'code_invalid',
} as const;

/** What to say of a code that did not prove anything. */
export function codeProblem(refused: Exclude<Redemption, { outcome: 'ok' }>) {
  return refused.outcome === 'wrong'
    ? { code: 'code_wrong', params: { count: refused.triesLeft } }
    : { code: problems[refused.outcome] };
}

/** What to say where a limit refuses a code, a guess or a password. */
export function tooMany(retryAt: Date) {
  const minutes = Math.max(1, Math.ceil((retryAt.getTime() - Date.now()) / 60_000));
  return { code: 'too_many_attempts', params: { count: minutes } };
}
