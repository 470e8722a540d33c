import type { Action, Kick } from './action.ts';
import type { Actual, Member } from './actual.ts';
import type { Desired, Person } from './desired.ts';
import { levelIn } from './levels.ts';

export type MembersPlan = {
  kicks: readonly Kick[];
  /** Bans before all others. */
  others: readonly Action[];
  /** Who is as powerful as the bot, and so cannot be taken out by it. */
  untouchable: readonly string[];
};

export function isPresent(member: Member | undefined): boolean {
  return member !== undefined && ['join', 'invite', 'knock'].includes(member.membership);
}

/** Who is to come, to go and to be kept out. */
export function planMembers(desired: Desired, actual: Actual, bot: string): MembersPlan {
  const power = levelIn(actual, bot);
  const administrators = new Set(desired.administrators.map(({ userId }) => userId));
  const wanted = desired.people
    .filter(({ userId }) => userId !== bot)
    .flatMap((person) => {
      const member = actual.members.get(person.userId);
      return actionsFor(person, member, {
        bot,
        isAdministrator: administrators.has(person.userId),
      });
    });
  const all = [...wanted, ...strangers(desired, actual, bot)];
  const reachable = (action: Action) =>
    (action.kind !== 'kick' && action.kind !== 'ban') || levelIn(actual, action.userId) < power;
  const possible = all.filter(reachable);
  return {
    kicks: possible.filter((action) => action.kind === 'kick'),
    others: [
      ...possible.filter(({ kind }) => kind === 'ban'),
      ...possible.filter(({ kind }) => kind === 'unban' || kind === 'join'),
    ],
    untouchable: all.flatMap((action) =>
      'userId' in action && !reachable(action) ? [action.userId] : [],
    ),
  };
}

type About = { bot: string; isAdministrator: boolean };

function actionsFor(person: Person, member: Member | undefined, about: About): Action[] {
  const { userId, accountId, since } = person;
  const unban: Action = { kind: 'unban', userId, accountId };
  const bannedByUs = member?.membership === 'ban' && member.sender === about.bot;
  switch (person.place) {
    case 'waits':
      return [];
    case 'unsaid':
      return bannedByUs ? [unban] : [];
    case 'banned':
      return member?.membership === 'ban' ? [] : [{ kind: 'ban', userId, accountId }];
    case 'out': {
      if (bannedByUs) return [unban];
      // An administrator may come back by their own power.
      const returned = about.isAdministrator && (member?.at ?? 0) > since;
      if (!isPresent(member) || returned) return [];
      return [{ kind: 'kick', userId, accountId, reason: 'left' }];
    }
    case 'in': {
      const isInvited = member?.membership === 'invite';
      const join: Action = { kind: 'join', userId, accountId, isInvited };
      if (!member) return [join];
      if (member.membership === 'join') return [];
      // What a moderator or the person decided holds until the platform says something newer.
      const isNewer = since > member.at;
      if (member.membership === 'ban') return bannedByUs || isNewer ? [unban, join] : [];
      if (member.membership === 'leave' && member.sender === userId && !isNewer) return [];
      return [join];
    }
  }
}

/** People who came by other means than the platform's statements. */
function strangers(desired: Desired, actual: Actual, bot: string): Kick[] {
  if (desired.strangers === 'keep') return [];
  const expected = new Set([
    bot,
    ...desired.people.flatMap(({ userId, place }) => (place === 'unsaid' ? [] : userId)),
    ...desired.administrators.map(({ userId }) => userId),
  ]);
  return [...actual.members]
    .filter(([userId, member]) => isPresent(member) && !expected.has(userId))
    .filter(([userId]) => !actual.bridged.has(userId))
    .map(([userId, { membership }]): Kick => {
      // Whoever is only invited loses nothing that they had.
      const isOwn = membership === 'join' && actual.familiar.has(userId);
      const mayBelong = isOwn || desired.origin !== 'made';
      return { kind: 'kick', userId, reason: mayBelong ? 'stranger' : 'outsider' };
    });
}
