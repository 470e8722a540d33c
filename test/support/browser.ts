import { existsSync } from 'node:fs';
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const howToGetChromium =
  'Chromium is missing: `apt-get install chromium`, or set CHROMIUM_PATH to one.';

export function chromiumPath(): string | undefined {
  const given = process.env.CHROMIUM_PATH;
  return (given ? [given] : candidates).find((path) => existsSync(path));
}

const sizes = {
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
} satisfies Record<string, BrowserContextOptions>;

/** Nothing of this may ask the outside for anything. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--metrics-recording-only',
  '--no-pings',
];

export type TestBrowser = {
  /** A person of their own: cookies are not shared between contexts. */
  newPerson(
    options?: BrowserContextOptions & { size?: keyof typeof sizes },
  ): Promise<BrowserContext>;
  close(): Promise<void>;
};

/**
 * The system's Chromium, without a window.
 * @param hosts which `host:port` a name means, instead of asking DNS
 */
export async function openBrowser(hosts: Record<string, string> = {}): Promise<TestBrowser> {
  const executablePath = chromiumPath();
  if (!executablePath) throw new Error(howToGetChromium);
  const rules = Object.entries(hosts).map(([name, target]) => `MAP ${name} ${target}`);
  const browser = await chromium.launch({
    executablePath,
    args: rules.length > 0 ? [...args, `--host-resolver-rules=${rules.join(', ')}`] : args,
  });
  return {
    newPerson: async ({ size = 'desktop', ...options } = {}) => {
      const context = await browser.newContext({ locale: 'en-GB', ...sizes[size], ...options });
      context.setDefaultTimeout(15_000);
      return context;
    },
    close: () => browser.close(),
  };
}
