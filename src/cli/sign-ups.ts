import { type Command, Option } from 'commander';
import type { RequestState, SignUpRequest } from '../admission/sign-up-requests.store.ts';
import { operator } from '../authority/authority.ts';
import { instant } from '../text/instant.ts';
import { example } from './example.ts';
import { fields, type Report, table } from './report.ts';
import { run } from './run.ts';

const lazy = {
  answer: () => import('../admission/answer-request.ts'),
  mail: () => import('../mail/queue.ts'),
  store: () => import('../admission/sign-up-requests.store.ts'),
  tenants: () => import('../tenants/find.ts'),
};

export function register(noun: Command): void {
  noun
    .command('list')
    .description('List requests to join, oldest first; they end after 30 days')
    .option('--tenant <tenant>', 'only those of this tenant')
    .addOption(
      new Option('--state <state>', 'only those in this state').choices([
        'waiting',
        'approved',
        'refused',
      ]),
    )
    .addHelpText('after', example('sign-ups list --tenant acme --state waiting'))
    .action(
      run<{ tenant?: string; state?: RequestState }, []>(async ({ database }, options) => {
        const { tenant, state = null } = options;
        const { requireTenant } = await lazy.tenants();
        const tenantId = tenant ? (await requireTenant(database, tenant)).id : null;
        return listed(await (await lazy.store()).listRequests(database, { tenantId, state }));
      }),
    );
  const verbs = [
    ['approve', 'approved', 'Let somebody in: they sign in again and choose a handle'],
    ['refuse', 'refused', 'Refuse somebody; they can ask again after 30 days'],
  ] as const;
  for (const [verb, state, description] of verbs) {
    noun
      .command(verb)
      .argument('<request>', 'its id')
      .description(`${description}. They are told by mail, if they have an address`)
      .addHelpText('after', example(`sign-ups ${verb} 5f0c2a2e-6d0f-4a43-9d0e-0a54a5b3a1c7`))
      .action(
        run(async (cli, _, id) => {
          const { answerRequest } = await lazy.answer();
          const { MailQueue } = await lazy.mail();
          const mail = new MailQueue(cli);
          const { database, config } = cli;
          const dependencies = {
            ...{ database, publicUrl: config.publicUrl },
            queueMail: (...letter: Parameters<typeof mail.queue>) => mail.queue(...letter),
          };
          return shown(await answerRequest(dependencies, operator, id, state));
        }),
      );
  }
}

function listed(found: SignUpRequest[]): Report {
  const rows = found.map((request) => [
    request.id,
    request.tenant,
    request.state,
    request.way,
    request.email,
    request.name,
    instant(request.createdAt),
  ]);
  const headings = ['id', 'tenant', 'state', 'way', 'email', 'name', 'asked'];
  return { data: found, text: table(headings, rows, 'No requests.') };
}

function shown(request: SignUpRequest & { mailed: boolean }): Report {
  const text = fields({
    id: request.id,
    tenant: request.tenant,
    state: request.state,
    way: request.way,
    email: request.email,
    name: request.name,
    asked: request.createdAt,
    decided: request.decidedAt,
    expires: request.expiresAt,
    mailed: request.mailed,
  });
  return { data: request, text };
}
