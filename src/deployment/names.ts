import { AppError } from '../errors.ts';

/** What an operator says once; every file of a deployment is made from it. */
export type Names = {
  /** What stands after the colon of everybody's Matrix address; it can never change. */
  serverName: string;
  /** Hosts, all reached by https through one reverse proxy: this service, Synapse, Element Web. */
  id: string;
  matrix: string;
  chat: string;
  mailFrom: string;
  /** Whether Synapse talks to other homeservers. */
  federation: boolean;
};

const host =
  /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

/**
 * The names as they were given, or as the server name suggests them.
 *
 * @throws AppError `host_invalid`, `hosts_equal`
 */
export function completeNames(given: Pick<Names, 'serverName'> & Partial<Names>): Names {
  const serverName = hostOf(given.serverName);
  const usual = { federation: false, ...suggestedNames(serverName), ...given };
  const names: Names = {
    ...usual,
    serverName,
    id: hostOf(usual.id),
    matrix: hostOf(usual.matrix),
    chat: hostOf(usual.chat),
  };
  if (new Set([names.id, names.matrix, names.chat]).size < 3) {
    throw new AppError('hosts_equal', {
      message: 'This service, Synapse and Element Web each need a host of their own.',
    });
  }
  return names;
}

/**
 * The name of a host, also from an address that was pasted.
 *
 * @throws AppError `host_invalid`
 */
export function hostOf(typed: string): string {
  const name = typed
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\/|\/$/g, '');
  if (host.test(name)) return name;
  throw new AppError('host_invalid', {
    message: `“${typed}” is no name of a host: give one such as id.example.org, without a port.`,
  });
}

/** What is usual for a server name, to be offered and changed. */
export function suggestedNames(serverName: string) {
  return {
    id: `id.${serverName}`,
    matrix: `matrix.${serverName}`,
    chat: `chat.${serverName}`,
    mailFrom: `OpenMeet <no-reply@${serverName}>`,
  };
}
