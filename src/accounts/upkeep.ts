import { removeExpiredCodes } from './codes.store.ts';
import { removeStaleBrowsers } from './known-browsers.store.ts';
import { removeExpiredLinks } from './links.store.ts';

/** To be run now and then: each removes at most one batch of rows that nobody needs any more. */
export const accountUpkeeps = { removeExpiredCodes, removeExpiredLinks, removeStaleBrowsers };
