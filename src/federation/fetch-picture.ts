import { AppError } from '../errors.ts';
import { createGuardedFetch } from './guarded-fetch.ts';

const largest = 2 * 1024 * 1024;

/** What pictures begin with, in Latin-1: what their sender says of them is not asked. */
const beginnings: Readonly<Record<string, readonly string[]>> = {
  'image/png': ['\x89PNG\r\n\x1a\n'],
  'image/jpeg': ['\xff\xd8\xff'],
  'image/gif': ['GIF87a', 'GIF89a'],
  'image/webp': ['RIFF'],
};

/**
 * Fetches pictures from addresses that others name, guarded as all such calls are.
 *
 * @throws AppError `fetch_refused` (502) for what is not to be had, is too large or is no picture
 */
export function createFetchPicture(
  allowedNetworks: readonly string[],
): (url: string) => Promise<Blob> {
  const guardedFetch = createGuardedFetch({ allowedNetworks, maxBytes: largest });
  return async (url) => {
    const answer = await guardedFetch(url, { headers: { accept: 'image/*' } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const picture = answer.ok ? pictureOf(bytes) : undefined;
    if (picture) return picture;
    throw new AppError('fetch_refused', { message: 'The answer is no picture.' });
  };
}

/** Nothing for what is no picture that every Matrix client shows. */
export function pictureOf(bytes: Buffer<ArrayBuffer>): Blob | undefined {
  const type = typeOf(bytes.subarray(0, 16).toString('latin1'));
  return type ? new Blob([bytes], { type }) : undefined;
}

function typeOf(start: string): string | undefined {
  const begins = (text: string) => start.startsWith(text);
  const type = Object.keys(beginnings).find((type) => beginnings[type]?.some(begins));
  return type === 'image/webp' && start.slice(8, 12) !== 'WEBP' ? undefined : type;
}
