import type { Application } from './application.ts';
import { type Member, signIn, Turns } from './crowd.ts';
import type { Flow } from './measure.ts';
import { peopleCount } from './people.ts';

export type Operation = { name: string; flow(application: Application, members: Member[]): Flow };

/** What every provider is asked for. */
export const operations: readonly Operation[] = [
  {
    name: 'sign-in',
    flow: (application) => {
      const indexes = new Turns(Array(peopleCount).keys());
      return () =>
        indexes.use(async (index) => {
          await signIn(application, index);
        });
    },
  },
  {
    name: 'repeat sign-in',
    flow: (application, members) => {
      const turns = new Turns(members);
      return () =>
        turns.use(async ({ browser }) => {
          const attempt = application.begin();
          await application.finish(attempt, await browser.open(attempt.path));
        });
    },
  },
  {
    name: 'refresh',
    flow: (application, members) => {
      const turns = new Turns(members);
      return () =>
        turns.use(async (member) => {
          member.tokens = { ...member.tokens, ...(await application.refresh(member.tokens)) };
        });
    },
  },
  {
    name: 'userinfo',
    flow: (application, members) => {
      const turns = new Turns(members);
      return () => turns.use(({ tokens }) => application.userinfo(tokens));
    },
  },
  {
    name: 'introspection',
    flow: (application, members) => {
      const turns = new Turns(members);
      return () => turns.use(({ tokens }) => application.introspect(tokens));
    },
  },
  { name: 'discovery', flow: (application) => document(application, application.discoveryPath) },
  { name: 'JWKS', flow: (application) => document(application, application.paths.jwks) },
];

function document({ site }: Application, path: string): Flow {
  return async () => {
    const { status, body } = await site.fetch(path);
    if (status !== 200) throw new Error(`${path} ${status}: ${body}`);
  };
}
