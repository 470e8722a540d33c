import { z } from 'zod';
import { SealedCookie } from '../http/sealed-cookie.ts';

/** How long a browser may take from bringing the ticket to signing in at the client, in seconds. */
export const permitSeconds = 5 * 60;

/** What a browser that brought a ticket has to show for it; the ticket itself is used up. */
export const permit = new SealedCookie({
  name: 'handoff',
  seconds: permitSeconds,
  schema: z.object({
    id: z.string(),
    clientId: z.string(),
    /** The ticket came from a page of the platform that asked for it. */
    fromPlatform: z.boolean(),
    /** Set once the person is known to want it: fingerprint of the browser. */
    browser: z.string().optional(),
  }),
});
