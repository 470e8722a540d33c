import { extname } from 'node:path';
import { AppError } from '../errors.ts';
import { readFile } from './options.ts';

const imageTypes: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
};

/** A picture as a `data:` URL. @throws AppError `branding_invalid`, `file_unreadable` */
export function readLogo(file: string): string {
  const type = imageTypes[extname(file).toLowerCase()];
  if (!type) {
    throw new AppError('branding_invalid', {
      message: `${file} is no PNG, JPEG, WebP or SVG file.`,
    });
  }
  const content = readFile(file);
  if (content.length > 140 * 1024) {
    throw new AppError('branding_invalid', { message: `${file} is larger than 140 KB.` });
  }
  return `data:${type};base64,${content.toString('base64')}`;
}
