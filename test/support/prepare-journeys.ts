import type { TestProject } from 'vitest/node';
import { installSynapse } from '../../synapse/install.ts';
import { installAtproto } from '../parts/atproto/install.ts';
import { chromiumPath, howToGetChromium } from './browser.ts';

/** Those that start a Bluesky of their own; all others of the project start a homeserver. */
const bluesky = /atproto|bluesky/;

/**
 * Brings what the chosen files need, so that no test waits for a download.
 * @throws Error that says in one line what is missing and how to get it
 */
export async function setup(project: TestProject): Promise<void> {
  const { testFiles } = await project.globTestFiles(project.vitest.config.filters);
  if (testFiles.length === 0) return;
  if (!chromiumPath()) throw new Error(howToGetChromium);
  if (testFiles.some((file) => bluesky.test(file))) await installAtproto();
  if (testFiles.some((file) => !bluesky.test(file))) await installSynapse();
}
