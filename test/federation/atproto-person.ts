import type { BrowserContext, Page } from 'playwright-core';
import type { Member } from './atproto-network.ts';

export type Deed = 'authorize' | 'deny';

/**
 * Goes through the pages of the person's own data server.
 *
 * @returns where it sends them back to, which is not called
 */
export async function passDataServer(
  person: BrowserContext,
  start: URL,
  { member, deed = 'authorize' }: { member: Member; deed?: Deed },
): Promise<URL> {
  const page = await person.newPage();
  await page.goto(start.href);
  const callback = answerTo(page, new URL(start).origin);
  await signInAt(page, member);
  await page.getByRole('button', { name: deed === 'deny' ? 'Deny access' : 'Authorize' }).click();
  const url = await callback;
  await page.close();
  return url;
}

/** Fills in the sign-in page, whichever of its forms it shows. */
export async function signInAt(page: Page, { handle, password }: Member): Promise<void> {
  const secret = page.locator('input[autocomplete="current-password"]');
  const welcome = page.getByText('Please authenticate to continue');
  await secret.or(welcome).first().waitFor();
  if (await welcome.isVisible()) await page.getByRole('button', { name: 'Sign in' }).click();
  const name = page.locator('input[title="Username or email address"]');
  if ((await name.inputValue()) === '') await name.fill(handle);
  await secret.fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** The first navigation that leaves `origin`. */
async function answerTo(page: Page, origin: string): Promise<URL> {
  const request = await page.waitForRequest(
    (candidate) => candidate.isNavigationRequest() && new URL(candidate.url()).origin !== origin,
  );
  return new URL(request.url());
}
