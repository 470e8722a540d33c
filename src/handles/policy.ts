import { AppError } from '../errors.ts';
import { handlePatterns, namespacePatterns } from './patterns.ts';
import { builtInWords, type ReservedWords, readReservedWords, reservedReason } from './reserved.ts';
import { brokenRule, type HandleReason, matrixId } from './rules.ts';

export type HandleSettings = {
  /** The part of every Matrix ID behind the colon. */
  serverName: string;
  reservedWords: readonly string[];
  /** Regular expressions searched for in the handle. */
  reservedPatterns: readonly string[];
  /** Regular expressions of exclusive application service namespaces, as registered. */
  appserviceNamespaces: readonly string[];
};

export type HandlePolicy = {
  readonly serverName: string;
  readonly words: readonly ReservedWords[];
  readonly patterns: readonly RegExp[];
  readonly namespaces: readonly RegExp[];
};

/**
 * Compiles the operator's settings, once, at start.
 *
 * @throws AppError `handle_policy_invalid` naming every pattern that cannot be used
 */
export function handlePolicy(settings: HandleSettings): HandlePolicy {
  const patterns = handlePatterns(settings.reservedPatterns);
  const namespaces = namespacePatterns(settings.appserviceNamespaces, settings.serverName);
  const problems = [...patterns.problems, ...namespaces.problems];
  if (problems.length > 0) {
    throw new AppError('handle_policy_invalid', {
      message: `Reserved handles cannot be told:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
      details: { problems },
    });
  }
  return {
    serverName: settings.serverName,
    words: [builtInWords, readReservedWords(settings.reservedWords.join('\n'))],
    patterns: patterns.expressions,
    namespaces: namespaces.expressions,
  };
}

/**
 * Why nobody can choose this (normalised) handle, as far as that is known without looking who has
 * it. Rules come first, so that the operator's patterns never see more than 30 characters.
 */
export function refusal(handle: string, policy: HandlePolicy): HandleReason | undefined {
  const broken = brokenRule(handle, policy.serverName);
  if (broken) return broken;
  for (const words of policy.words) {
    const reason = reservedReason(handle, words);
    if (reason) return reason;
  }
  if (policy.patterns.some((pattern) => pattern.test(handle))) return 'reserved';
  const id = matrixId(handle, policy.serverName);
  return policy.namespaces.some((namespace) => namespace.test(id)) ? 'taken' : undefined;
}
