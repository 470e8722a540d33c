const words: Readonly<Record<string, (path: string) => string>> = {
  EACCES: (path) => `This user may not use ${path}.`,
  EPERM: (path) => `This user may not change ${path}.`,
  EROFS: (path) => `${path} is on a file system that is read-only.`,
  ENOSPC: (path) => `The disk of ${path} is full.`,
  EDQUOT: (path) => `This user has no space left on the disk of ${path}.`,
  ENOTDIR: (path) => `A part of ${path} is no directory.`,
  EISDIR: (path) => `${path} is a directory.`,
  ENOENT: (path) => `There is no ${path}.`,
  EMFILE: (path) => `Too many files are open to open ${path}: raise the limit (ulimit -n).`,
};

/** A sentence about a file that could not be read or written; nothing for other errors. */
export function fileProblem(error: unknown): string | undefined {
  const { code = '', path, syscall } = error as NodeJS.ErrnoException;
  if (!syscall || typeof path !== 'string') return undefined;
  return words[code]?.(path);
}
