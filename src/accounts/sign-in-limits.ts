import type { Queryable } from '../database/database.ts';
import {
  type Attempt,
  addressKey,
  type RateLimits,
  type Refused,
  verdict,
} from '../http/rate-limits.ts';
import type { KnownBrowsers } from './known-browsers.ts';

type Budget = { limit: number; seconds: number };

/** For one kind of attempt: what strangers share, and what a known browser has for itself. */
type Budgets = {
  /** Per address or handle as typed, over all tenants. */
  identifier: readonly Budget[];
  /** Per IPv4 address or IPv6 /64. */
  network: readonly Budget[];
  /** Per browser and identifier, for a browser that signed in to that account before. */
  knownBrowser: readonly Budget[];
};

export type SignInBudgets = {
  password: Budgets;
  codeRequest: Budgets;
  codeGuess: Budgets;
  /** Codes from an app and recovery codes: only whoever has proved another thing comes so far. */
  secondStep: Budgets;
  /** Open code requests and wrong guesses of everybody; beyond it codes get longer. */
  codesOverAll: Budget;
};

const quarter = 15 * 60;
const day = 24 * 60 * 60;

/**
 * A network is often many people: everybody at an event signs up behind one address, at once, and
 * what is under way counts until it has succeeded.
 *
 * Successes are given back, so these are failures. What bounds the guesses of one account: its
 * address and its handle, each with the budget of an identifier, and for codes
 * `codeLimits.guessesPerDay` on top.
 */
export const signInBudgets: SignInBudgets = {
  password: {
    identifier: [
      { limit: 10, seconds: quarter },
      { limit: 60, seconds: day },
    ],
    network: [{ limit: 300, seconds: quarter }],
    knownBrowser: [
      { limit: 10, seconds: quarter },
      { limit: 60, seconds: day },
    ],
  },
  codeRequest: {
    identifier: [
      { limit: 5, seconds: quarter },
      { limit: 20, seconds: day },
    ],
    network: [{ limit: 300, seconds: quarter }],
    knownBrowser: [
      { limit: 5, seconds: quarter },
      { limit: 20, seconds: day },
    ],
  },
  codeGuess: {
    identifier: [],
    network: [{ limit: 300, seconds: quarter }],
    knownBrowser: [{ limit: 30, seconds: day }],
  },
  secondStep: {
    identifier: [
      { limit: 10, seconds: quarter },
      { limit: 30, seconds: day },
    ],
    network: [{ limit: 300, seconds: quarter }],
    knownBrowser: [
      { limit: 10, seconds: quarter },
      { limit: 30, seconds: day },
    ],
  },
  codesOverAll: { limit: 1_000, seconds: quarter },
};

export type SignInAttempt = {
  /** As typed, folded: see `identifierKey`. */
  identifier: string;
  /** Where it counts; null or left out: in all tenants. Budgets are the same whatever it is. */
  tenantId?: string | null;
  /** The peer's network address. */
  address: string;
  /** The value of the browser's own cookie. */
  browser: string;
};

export type Granted = {
  allowed: true;
  /** Drew on the browser's own budget: its mail need not share the recipient's cap either. */
  knownBrowser: boolean;
  /** For `giveBack`. */
  spent: readonly Attempt[];
};

export type GrantedCode = Granted & { digits: 6 | 8 };

const overAll = 'codes/all';

type Kind = 'password' | 'codeRequest' | 'codeGuess' | 'secondStep';

/** Those that codes by mail are made for: see `codesOverAll`. */
const byMail: ReadonlySet<Kind> = new Set(['codeRequest', 'codeGuess']);

/**
 * Who may try again, decided before any account is looked up, from what was typed and by whom, over
 * all instances. Must be asked outside of transactions: what is rolled back was tried all the same.
 */
export class SignInLimits {
  readonly #db: Queryable;
  readonly #limits: RateLimits;
  readonly #browsers: KnownBrowsers;
  readonly #budgets: SignInBudgets;

  constructor(parts: {
    db: Queryable;
    limits: RateLimits;
    browsers: KnownBrowsers;
    budgets?: SignInBudgets;
  }) {
    this.#db = parts.db;
    this.#limits = parts.limits;
    this.#browsers = parts.browsers;
    this.#budgets = parts.budgets ?? signInBudgets;
  }

  /** One query, and two more only for what strangers may not try any more. */
  password(attempt: SignInAttempt): Promise<Granted | Refused> {
    return this.#takeAsStranger('password', attempt);
  }

  /** Asked before each code that is to be made and mailed. */
  async codeRequest(attempt: SignInAttempt): Promise<GrantedCode | Refused> {
    return this.#take('codeRequest', attempt, await this.#isKnown(attempt));
  }

  /** Asked before each `redeemCode`, with the identifier that the code was requested for. */
  codeGuess(attempt: SignInAttempt): Promise<Granted | Refused> {
    return this.#takeAsStranger('codeGuess', attempt);
  }

  /**
   * Asked before each code from an app and each recovery code.
   *
   * @param attempt the identifier is the account's own, whatever was typed
   */
  secondStep(attempt: SignInAttempt): Promise<Granted | Refused> {
    return this.#takeAsStranger('secondStep', attempt);
  }

  /** Called after a right password, or a right code of the second step. */
  async giveBack({ spent }: Granted): Promise<void> {
    await this.#limits.giveBack(spent);
  }

  /** Called after a right code: the guess and the request that it answers were honest. */
  async codeRedeemed(attempt: SignInAttempt, guess: Granted): Promise<void> {
    await this.#limits.giveBack(guess.spent);
    const known = await this.#isKnown(attempt);
    await this.#limits.giveBack(this.#budgetsOf('codeRequest', attempt, known));
  }

  #isKnown({ browser, identifier, tenantId }: SignInAttempt): Promise<boolean> {
    return this.#browsers.isKnown(this.#db, browser, identifier, tenantId);
  }

  /** A known browser draws on its own budgets only once those of strangers are used up. */
  async #takeAsStranger(kind: Kind, attempt: SignInAttempt): Promise<Granted | Refused> {
    const granted = await this.#take(kind, attempt, false);
    if (granted.allowed || !(await this.#isKnown(attempt))) return granted;
    return this.#take(kind, attempt, true);
  }

  async #take(
    kind: Kind,
    attempt: SignInAttempt,
    knownBrowser: boolean,
  ): Promise<GrantedCode | Refused> {
    const spent = this.#budgetsOf(kind, attempt, knownBrowser);
    const tallies = await this.#limits.count(spent);
    const longer = tallies.some((tally) => tally.name === overAll && tally.exceeded);
    const decision = verdict(tallies.filter((tally) => tally.name !== overAll));
    return decision.allowed
      ? { allowed: true, knownBrowser, spent, digits: longer ? 8 : 6 }
      : decision;
  }

  #budgetsOf(kind: Kind, attempt: SignInAttempt, knownBrowser: boolean): Attempt[] {
    const { identifier, network, knownBrowser: own } = this.#budgets[kind];
    const key = JSON.stringify([attempt.browser, attempt.identifier]);
    const drawn = knownBrowser
      ? draw(`${kind}/browser`, key, own)
      : [
          ...draw(`${kind}/identifier`, attempt.identifier, identifier),
          ...draw(`${kind}/network`, addressKey(attempt.address), network).map(asFirst),
        ];
    return byMail.has(kind)
      ? [...drawn, ...draw(overAll, '', [this.#budgets.codesOverAll])]
      : drawn;
  }
}

const asFirst = (attempt: Attempt): Attempt => ({ ...attempt, first: true });

function draw(name: string, key: string, budgets: readonly Budget[]): Attempt[] {
  return budgets.map((budget) => ({ name, key, ...budget }));
}
