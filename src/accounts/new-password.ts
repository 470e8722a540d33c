import type { BreachedPasswords } from './breached-passwords.ts';
import { checkNewPassword, type PasswordProblem } from './password-rules.ts';

/**
 * Why somebody may not choose this password: our own rules, and then what is known of breaches. May wait
 * for another server, so not inside a transaction.
 */
export async function newPasswordProblem(
  breaches: Pick<BreachedPasswords, 'has'>,
  password: string,
  person: Parameters<typeof checkNewPassword>[1],
): Promise<PasswordProblem | 'password_breached' | undefined> {
  const problem = checkNewPassword(password, person);
  if (problem) return problem;
  return (await breaches.has(password)) ? 'password_breached' : undefined;
}
