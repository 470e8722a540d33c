import { AppError } from '../errors.ts';

type Address = { host: string; port: number };

const unknown = ({ host }: Address) =>
  `HOST is ${host}, which no name server knows: set it to an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all.`;
const elsewhere = ({ host }: Address) =>
  `HOST is ${host}, which is no address of this machine: set it to one that is, such as 127.0.0.1, or 0.0.0.0 for all.`;

const sentences: Readonly<Record<string, (address: Address) => string>> = {
  EADDRINUSE: ({ host, port }) =>
    `Port ${port} of ${host} is taken: stop the program that listens there, or set PORT to another.`,
  EACCES: ({ port }) =>
    `This user may not listen on port ${port}: set PORT to one from 1024 on, and let a reverse proxy lead there.`,
  EADDRNOTAVAIL: elsewhere,
  EAFNOSUPPORT: elsewhere,
  ENOTFOUND: unknown,
  EAI_AGAIN: unknown,
};

/** One sentence about why nothing can listen there; nothing for other errors. */
export function listenProblem(error: Error, address: Address): AppError | undefined {
  const explain = sentences[(error as NodeJS.ErrnoException).code ?? ''];
  if (!explain) return undefined;
  return new AppError('cannot_listen', { message: explain(address), cause: error });
}
