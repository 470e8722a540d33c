import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

export type RawAnswer = { status: number; headers: IncomingHttpHeaders; body: string };

/** One request whose target is sent as it is, without the tidying that URLs get. */
export async function askRaw(
  base: string,
  target: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  const { method = 'GET', headers, body } = options;
  const attempt = request(base, { path: target, method, headers, agent: false });
  attempt.end(body);
  const [answer]: IncomingMessage[] = await once(attempt, 'response');
  if (!answer) throw new Error(`No answer to ${method} ${target}`);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
}
