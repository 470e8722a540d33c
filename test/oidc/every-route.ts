import type Koa from 'koa';

export type Route = {
  methods: readonly string[];
  /** With parameters as in `/interaction/:uid/code`. */
  pattern: string;
};

type Layer = { path: string; methods: string[]; opts: { sensitive: boolean; strict: boolean } };

/** Every route of the service, as its routers have it; those of APIs as their documents do. */
export async function everyRoute(web: Koa, url: string): Promise<Route[]> {
  const layers = layersOf(web).filter(({ methods }) => methods.length > 0);
  const apis = await Promise.all(['/internal', '/admin/api/v1'].map((base) => routesOf(url, base)));
  return [
    ...layers
      .filter(({ path }) => !path.includes('*'))
      .map(({ path, methods }) => ({ methods: methods.filter(isUsual), pattern: path })),
    ...apis.flat(),
  ];
}

async function routesOf(url: string, base: string): Promise<Route[]> {
  const answer = await fetch(`${url}${base}/openapi.json`);
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> };
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => ({
      methods: [method.toUpperCase()],
      pattern: `${base}${path.replace(/\{(\w+)\}/g, ':$1')}`,
    })),
  );
  return [{ methods: ['GET', 'HEAD'], pattern: `${base}/openapi.json` }, ...described];
}

/** Routes for all methods name also those of WebDAV, and CONNECT, which has no path. */
function isUsual(method: string): boolean {
  return /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(method);
}

export function layersOf({ middleware }: Koa): Layer[] {
  return middleware.flatMap((one) => (one as { router?: { stack: Layer[] } }).router?.stack ?? []);
}

/** An address of this pattern, with something for each parameter. */
export function addressOf(pattern: string): string {
  return pattern.replace(/:\w+/g, 'c0ffee00-0000-4000-8000-000000000000');
}
