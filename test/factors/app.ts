import { TOTP } from 'otpauth';

const period = 30_000;

/** What an authenticator app shows that was told this secret, by default now. */
export function codeOf(secret: string, at = Date.now()): string {
  return new TOTP({ secret }).generate({ timestamp: at });
}

/** The code of so many periods later (or before, where negative). */
export function codeAfter(secret: string, periods: number): string {
  return codeOf(secret, Date.now() + periods * period);
}
