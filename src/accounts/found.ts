import type { Account } from './account.ts';

/** An account as it is shown: with the slug of its tenant and what else belongs to it. */
export type FoundAccount = Omit<Account, 'emailKey'> & {
  tenant: string;
  /** State of its Matrix user, where we made one or tried to. */
  matrixUser: string | null;
  /** Browsers that are signed in. */
  sessions: number;
};
