import type { Application } from './application.ts';
import { passwordForm } from './crowd.ts';
import { Browser } from './driver.ts';
import { quantile } from './measure.ts';
import { addressOfPerson, networkOfPerson } from './people.ts';

export type Clock = {
  what: string;
  /** Median milliseconds for addresses that have an account, and for those that have none. */
  known: number;
  unknown: number;
  /** Of all answers: what a single difference is to be judged by. */
  spread: number;
};

/**
 * Whether the clock tells which addresses are known: wrong passwords for both kinds in turn, one at
 * a time, each from a network and a browser of its own.
 */
export async function compareClocks(application: Application, samples: number): Promise<Clock> {
  const known: number[] = [];
  const unknown: number[] = [];
  for (let index = 0; index < samples; index += 1) {
    // Which kind comes first changes, so that neither has the warmer cache.
    const first = index % 2 === 0;
    for (const isKnown of [first, !first]) {
      const address = isKnown ? addressOfPerson(index) : `nobody${index}@mail.bench.test`;
      const network = networkOfPerson(1_000_000 + 2 * index + Number(isKnown));
      (isKnown ? known : unknown).push(await refusedIn(application, address, network));
    }
  }
  const all = Float64Array.from([...known, ...unknown]).sort();
  return {
    what: 'wrong password',
    known: quantile(Float64Array.from(known).sort(), 0.5),
    unknown: quantile(Float64Array.from(unknown).sort(), 0.5),
    spread: quantile(all, 0.75) - quantile(all, 0.25),
  };
}

async function refusedIn(
  application: Application,
  email: string,
  network: string,
): Promise<number> {
  const browser = new Browser(application.site, network);
  const page = await browser.open(application.begin().path);
  const start = performance.now();
  const answer = await browser.submit(passwordForm(page.body), { email, password: 'wrong-12345' });
  const milliseconds = performance.now() - start;
  if (answer.status !== 422) throw new Error(`Not refused: ${answer.status}`);
  return milliseconds;
}
