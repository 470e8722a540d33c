import { z } from 'zod';
import { printable } from '../../api/route.ts';
import type { Database } from '../../database/database.ts';
import { AppError } from '../../errors.ts';
import { type Job, listJobs } from '../../jobs/list.store.ts';
import { retryJobs } from '../../jobs/retry.ts';
import { answerOf, listAnswer, listQuery, wantedOf } from './lists.ts';
import { type AdminRoute, adminRoute } from './route.ts';

const states = ['failed', 'running', 'waiting'] as const;

const job = z
  .object({
    id: z.string().describe('A number, in digits.'),
    task: z.string(),
    key: z.string().nullable().describe('What it is about, by its id.'),
    state: z.enum(states).describe('`failed`: given up on.'),
    attempts: z.number(),
    maxAttempts: z.number(),
    error: z.string().nullable(),
    runAt: z.iso.datetime(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Job' });

const jobId = z.object({ id: z.string().regex(/^\d{1,18}$/, 'must be a number') });
const problems = { 403: ['administration_limited'] };

/** The work of all tenants is in one queue: only who administers all of them sees it. */
export function jobRoutes({ database }: { database: Database }): AdminRoute[] {
  return [
    adminRoute({
      method: 'get',
      path: '/jobs',
      operation: 'listJobs',
      summary: 'What is queued, runs, or was given up on; newest first',
      scope: 'admin:read',
      query: listQuery(['id'], {
        state: z.enum(states).optional(),
        task: printable.optional(),
      }),
      answer: { status: 200, description: 'A page of it', schema: listAnswer(job) },
      problems: { ...problems, 400: ['cursor_invalid'] },
      async handle({ authority, query }) {
        return answerOf(await listJobs(database, authority, query, wantedOf(query)), query, shown);
      },
    }),
    adminRoute({
      method: 'post',
      path: '/jobs/{id}/retry',
      operation: 'retryJob',
      summary: 'Tries a job again that was given up on',
      scope: 'admin:write',
      params: jobId,
      answer: {
        status: 200,
        description: 'It is tried again now',
        schema: z.object({ retried: z.array(z.string()) }),
      },
      problems: { ...problems, 404: ['job_not_found'] },
      async handle({ authority, params: { id } }) {
        const retried = await database.transaction((tx) => retryJobs(tx, authority, [id]));
        if (retried.length === 0) throw new AppError('job_not_found');
        return { retried };
      },
    }),
    adminRoute({
      method: 'post',
      path: '/jobs/retry',
      operation: 'retryJobs',
      summary: 'Tries all jobs again that were given up on',
      scope: 'admin:write',
      answer: {
        status: 200,
        description: 'Those that are tried again now',
        schema: z.object({ retried: z.array(z.string()) }),
      },
      problems,
      async handle({ authority }) {
        return { retried: await database.transaction((tx) => retryJobs(tx, authority)) };
      },
    }),
  ];
}

function shown(found: Job): z.input<typeof job> {
  return {
    ...found,
    runAt: found.runAt.toISOString(),
    createdAt: found.createdAt.toISOString(),
    updatedAt: found.updatedAt.toISOString(),
  };
}
