import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../synapse/process.ts';
import type { Person, PersonOptions } from './person.ts';

export const directory = join(root, 'docs/screenshots');

/** They are part of the repository. */
const mostBytes = 60_000;

export const window: PersonOptions = { viewport: { width: 640, height: 800 } };

/** Makes a picture of docs/screenshots anew. */
export async function shoot({ page }: Person, name: string, fullPage = true): Promise<void> {
  const path = join(directory, `${name}.png`);
  await page.evaluate('document.activeElement?.blur()');
  await page.screenshot({ path, animations: 'disabled', fullPage });
  const { size } = await stat(path);
  console.log(`${name}.png ${Math.round(size / 1000)} KB`);
  if (size > mostBytes) throw new Error(`${path} is too large`);
}
