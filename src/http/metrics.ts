import { createHash, timingSafeEqual } from 'node:crypto';
import type Router from '@koa/router';
import { AppError } from '../errors.ts';
import { exactRouter } from './exact-router.ts';
import type { Figures, Recorder, SignInOutcome } from './metrics-registry.ts';
import type { RequestEnd } from './requests.ts';

/**
 * Figures for Prometheus. Their library costs 20 MB and 30 ms, so it is loaded beside the start of
 * the service, and only where somebody can read them; nothing that happens meanwhile is lost.
 */
export class Metrics {
  readonly #recorder: Promise<Recorder>;

  /** @param groups what routes begin with that are told apart; all others are one group */
  constructor(figures: Figures, groups: readonly string[]) {
    const byLength = [...groups].sort((a, b) => b.length - a.length);
    this.#recorder = import('./metrics-registry.ts').then(({ createRecorder }) =>
      createRecorder(figures, (route) => routeGroup(route, byLength)),
    );
    // Whoever scrapes is told; an unhandled rejection would end the process.
    this.#recorder.catch(() => {});
  }

  requestEnded(end: RequestEnd): void {
    this.#record((recorder) => recorder.requestEnded(end));
  }

  happened(event: { action: string; outcome?: 'success' | 'failure' }): void {
    this.#record((recorder) => recorder.happened(event));
  }

  signIn(signIn: SignInOutcome): void {
    this.#record((recorder) => recorder.signIn(signIn));
  }

  async scrape(): Promise<{ type: string; text: string }> {
    return (await this.#recorder).scrape();
  }

  #record(work: (recorder: Recorder) => void): void {
    this.#recorder.then(work).catch(() => {});
  }
}

/** `/metrics`, for whoever has the token. */
export function metricsRoutes(metrics: Metrics, token: string): Router {
  const router = exactRouter();
  router.get('/metrics', async (ctx) => {
    if (!sameText(ctx.get('authorization'), `Bearer ${token}`)) {
      ctx.set('www-authenticate', 'Bearer realm="metrics"');
      throw new AppError('invalid_token');
    }
    const { type, text } = await metrics.scrape();
    ctx.set('cache-control', 'no-store');
    ctx.type = type;
    ctx.body = text;
  });
  return router;
}

/** A group per kind of page, so that nobody can make up new ones by asking for made-up paths. */
function routeGroup(route: string | undefined, groups: readonly string[]): string {
  return groups.find((group) => route === group || route?.startsWith(`${group}/`)) ?? 'other';
}

/** Takes as long for any wrong text. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
