import { installSynapse } from '../../synapse/install.ts';
import { installAtproto } from '../parts/atproto/install.ts';
import { chromiumPath, howToGetChromium } from './browser.ts';
import { testServer } from './postgres.ts';

export type Needs = {
  /** A homeserver and a browser. */
  journeys: boolean;
  /** A Bluesky of its own and a browser. */
  bluesky: boolean;
  /** More than one file: one PostgreSQL serves them all, instead of one after the other. */
  several: boolean;
};

/**
 * Brings what the chosen files need, so that no test waits for a download.
 * @throws Error that says in one line what is missing and how to get it
 */
export async function prepareFor({ journeys, bluesky, several }: Needs): Promise<void> {
  if ((journeys || bluesky) && !chromiumPath()) throw new Error(howToGetChromium);
  if (journeys) await installSynapse();
  if (bluesky) await installAtproto();
  if (several) process.env.TEST_DATABASE_URL = await testServer();
}
