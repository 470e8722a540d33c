import type { Context } from 'koa';
import getRawBody from 'raw-body';
import type { z } from 'zod';
import { AppError } from '../errors.ts';
import { isTooDeep } from './nesting.ts';

const defaultLimit = '32kb';

/**
 * The fields of a posted form, each with its first value; NUL, which PostgreSQL cannot keep, left out.
 * A request's body can be read once, so they are kept for whoever asks next.
 *
 * @throws AppError `form_expected` (415), `body_too_large` (413), `body_malformed` (400)
 */
export function readForm(ctx: Context): Promise<Record<string, string>> {
  ctx.state.form ??= readFields(ctx);
  return ctx.state.form;
}

async function readFields(ctx: Context): Promise<Record<string, string>> {
  if (!ctx.is('application/x-www-form-urlencoded')) {
    throw new AppError('form_expected');
  }
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(await readBody(ctx))) {
    fields[name] ??= value.replaceAll('\u0000', '');
  }
  return fields;
}

/** @throws AppError `json_expected` (415), `body_too_large` (413), `body_malformed` (400) */
export async function readJson<Schema extends z.ZodType>(
  ctx: Context,
  schema: Schema,
  limit = defaultLimit,
): Promise<z.infer<Schema>> {
  if (!ctx.is('application/json')) throw new AppError('json_expected');
  let value: unknown;
  try {
    value = JSON.parse(refuseNul(await readBody(ctx, limit)));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('body_malformed', { cause });
  }
  if (isTooDeep(value)) throw new AppError('body_malformed');
  return validate(schema, value);
}

/** @throws AppError `input_invalid` whose details name each field and what is wrong with it */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown) {
  const result = schema.safeParse(value);
  if (result.success) return result.data as z.infer<Schema>;
  throw new AppError('input_invalid', {
    details: {
      problems: result.error.issues.map((issue) => ({
        field: issue.path.join('.'),
        message: issue.message,
      })),
    },
  });
}

/** Text with a NUL in it cannot be kept by PostgreSQL. */
function refuseNul(json: string): string {
  if (json.includes('\\u0000')) throw new AppError('body_malformed');
  return json;
}

async function readBody(ctx: Context, limit = defaultLimit): Promise<string> {
  try {
    return await getRawBody(ctx.req, {
      limit,
      length: ctx.request.length,
      encoding: 'utf-8',
    });
  } catch (cause) {
    const tooLarge = (cause as { type?: string }).type === 'entity.too.large';
    throw new AppError(tooLarge ? 'body_too_large' : 'body_malformed', {
      cause,
    });
  }
}
