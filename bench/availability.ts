import type { Database } from '../src/database/database.ts';
import type { Application } from './application.ts';
import { Turns } from './crowd.ts';
import { Browser } from './driver.ts';
import type { Flow } from './measure.ts';
import { networkOfPerson } from './people.ts';

type SignUp = { browser: Browser; path: string };

/** Each may ask 300 times in a quarter of an hour; together they ask more than we have time for. */
const signUpCount = 240;

let signUpsSoFar = 0;

/**
 * Live answers while typing, by people in the middle of signing up: every other handle is taken, so
 * that suggestions are looked for.
 *
 * @param handles how many there are, see `fillHandles`
 */
export async function availabilityFlow(
  application: Application,
  own: Database,
  handles: number,
): Promise<Flow> {
  const turns = new Turns(await startSignUps(application, own));
  let asked = 0;
  return () =>
    turns.use(async ({ browser, path }) => {
      asked += 1;
      const taken = asked % 2 === 0;
      const number = Math.ceil(Math.random() * handles);
      const handle = taken ? `member${number}` : `newcomer${number}`;
      const { status, body } = await browser.open(`${path}/availability?handle=${handle}`);
      if (status !== 200 || JSON.parse(body).available === taken) {
        throw new Error(`availability ${status}: ${body.slice(0, 200)}`);
      }
    });
}

/** Makes it so many handles; they are tombstones, which are looked up like any other. */
export async function fillHandles(own: Database, count: number): Promise<void> {
  await own.query(
    `insert into handles (handle, state)
      select 'member' || number, 'tombstoned'
      from generate_series((select count(*) from handles where handle like 'member%') + 1, $1)
        as number`,
    [count],
  );
  await own.dataSource.query('vacuum analyze handles');
}

async function startSignUps(application: Application, own: Database): Promise<SignUp[]> {
  const start = async (): Promise<SignUp> => {
    const browser = new Browser(application.site, networkOfPerson(70_000 + signUpsSoFar++));
    const page = await browser.open(application.begin().path);
    return { browser, path: page.url.pathname };
  };
  const signUps = await Promise.all(Array.from({ length: signUpCount }, start));
  // As if each of them had typed the code from a mail.
  await own.query(
    `update sign_ins set intent = 'sign-up', proved_at = now(),
      tenant_id = (select id from tenants where is_default),
      email = 'new' || abs(hashtext(id)) || '@mail.bench.test',
      email_key = 'new' || abs(hashtext(id)) || '@mail.bench.test'
      where proved_at is null`,
  );
  return signUps;
}
