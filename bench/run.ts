import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { hash } from '@node-rs/argon2';
import { Option, program } from 'commander';
import { administrationFlow, administratorToken, fillLists, lists } from './administration.ts';
import { availabilityFlow, fillHandles } from './availability.ts';
import { compareClocks } from './clock.ts';
import { measureColdStarts } from './cold-start.ts';
import { type Contest, compare, countQueries, type Effort, type Row } from './compare.ts';
import { type Operation, operations } from './operations.ts';
import { secretHasher } from './own.ts';
import {
  addInstance,
  type OwnPeer,
  type Peer,
  startCeiling,
  startOurs,
  startSimple,
} from './peers.ts';
import { passwordHashParameters, personPassword } from './people.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { memoryOf } from './processes.ts';
import { report } from './report.ts';
import { judge, type Memory, type Outcome } from './targets.ts';

const others = ['availability', 'administration', 'two instances', 'cold start', 'clock', 'matrix'];
const names = [...operations.map(({ name }) => name), ...others];

program
  .name('npm run bench --')
  .description(
    'Measures this service beside bare oidc-provider, in memory and on a simple PostgreSQL adapter.',
  )
  .option('--quick', 'one short stretch of each, 8 at once, one instance: about a minute')
  .option('--full', 'longer stretches, and 10 million handles: about a quarter of an hour')
  .addOption(new Option('--only <operation>', 'just one').choices(names))
  .addHelpText(
    'after',
    '\nWrites bench/results/latest.json and matrix.json. docs/performance.md explains it all.',
  )
  .parse();

const { quick, full, only } = program.opts<{ quick?: true; full?: true; only?: string }>();

const effort: Effort = quick
  ? { concurrencies: [8], rounds: 2, milliseconds: 400, warmUp: 800 }
  : {
      warmUp: 2000,
      concurrencies: [1, 8, 32],
      rounds: full ? 4 : 2,
      milliseconds: full ? 2000 : 1000,
    };
const handleCounts = [10_000, 1_000_000, ...(full ? [10_000_000] : [])];
/** Asked of two instances as well. */
const mainOperations = new Set(['sign-in', 'repeat sign-in', 'refresh', 'userinfo']);

const wants = (name: string) => only === undefined || only === name;
const say = (text: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);

async function contest(
  postgres: Postgres,
  { operation, runners }: Contest,
  wanted: Effort = effort,
): Promise<Row[]> {
  say(operation);
  for (const { peer } of runners) if (peer.database) await postgres.tidy(peer.database);
  await postgres.countStatements(true);
  const queries = new Map<string, number | undefined>();
  for (const runner of runners) {
    queries.set(runner.peer.name, await countQueries(postgres, runner));
  }
  await postgres.countStatements(false);
  const rows = await compare({ operation, runners }, wanted, postgres);
  return rows.map((row) => ({ ...row, queries: queries.get(row.peer) }));
}

function contestOf({ name, flow }: Operation, peers: readonly Peer[]): Contest {
  const runners = peers.map((peer) => ({ peer, flow: flow(peer.application, peer.members) }));
  return { operation: name, runners };
}

async function availability(postgres: Postgres, peer: OwnPeer): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of handleCounts) {
    await fillHandles(peer.own, count);
    const flow = await availabilityFlow(peer.application, peer.own, count);
    const operation = `availability, ${count.toLocaleString('en')} handles`;
    // One at a time is how one person's typing is felt, so that is measured in any case.
    const concurrencies = [...new Set([1, ...effort.concurrencies])];
    rows.push(
      ...(await contest(
        postgres,
        { operation, runners: [{ peer, flow }] },
        { ...effort, concurrencies },
      )),
    );
  }
  return rows;
}

async function administration(postgres: Postgres, { own, application, ...peer }: OwnPeer) {
  say('administration: filling');
  await fillLists(own);
  const there = { site: application.site, own };
  const token = await administratorToken(there, await secretHasher(own));
  const rows: Row[] = [];
  for (const list of lists) {
    const flow = await administrationFlow(there, list, token);
    const operation = `list: ${list.name}`;
    const runners = [{ peer: { ...peer, application }, flow }];
    const concurrencies = [1];
    rows.push(...(await contest(postgres, { operation, runners }, { ...effort, concurrencies })));
  }
  return rows;
}

async function twoInstances(postgres: Postgres, ours: OwnPeer): Promise<Row[]> {
  const both = await addInstance(ours);
  try {
    const rows: Row[] = [];
    for (const operation of operations) {
      if (!mainOperations.has(operation.name)) continue;
      rows.push(...(await contest(postgres, contestOf(operation, [both]))));
    }
    return rows;
  } finally {
    await both.stop();
  }
}

/** CPU milliseconds of one hash while both processors are busy with hashes, as in a sign-in. */
async function hashCost(): Promise<number> {
  const hashes = 25;
  const before = process.cpuUsage();
  const some = async () => {
    for (let run = 0; run < hashes; run += 1) await hash(personPassword, passwordHashParameters);
  };
  await Promise.all([some(), some()]);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (2 * hashes);
}

function memoryOfPeer({ name, idleMb, processes }: Peer): Memory {
  return { peer: name, idleMb, peakMb: memoryOf(processes[0]?.pid ?? 0).peak };
}

async function measure(postgres: Postgres): Promise<Outcome> {
  say('starting all providers');
  const [ceiling, simple, ours] = await Promise.all([
    startCeiling(),
    startSimple(postgres),
    startOurs(postgres),
  ]);
  const peers = [ceiling, simple, ours];
  try {
    const hashMs = await hashCost();
    const rows: Row[] = [];
    for (const operation of operations.filter(({ name }) => wants(name))) {
      rows.push(...(await contest(postgres, contestOf(operation, peers))));
    }
    if (wants('two instances') && !(quick && !only))
      rows.push(...(await twoInstances(postgres, ours)));
    if (wants('administration') && !(quick && !only)) {
      rows.push(...(await administration(postgres, ours)));
    }
    if (wants('availability')) rows.push(...(await availability(postgres, ours)));
    return {
      rows,
      memory: peers.map(memoryOfPeer),
      hashMs,
      coldStarts: wants('cold start')
        ? await measureColdStarts(postgres, quick ? 3 : 7)
        : undefined,
      clock: wants('clock') ? await compareClocks(ours.application, quick ? 50 : 150) : undefined,
    };
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

function write(outcome: Outcome): void {
  const directory = join(import.meta.dirname, 'results');
  mkdirSync(directory, { recursive: true });
  const about = {
    at: new Date().toISOString(),
    node: process.version,
    processors: cpus().map(({ model }) => model),
    effort,
  };
  const all = { ...about, ...outcome, targets: judge(outcome) };
  writeFileSync(join(directory, 'latest.json'), `${JSON.stringify(all, null, 2)}\n`);
}

async function compareProviders(): Promise<void> {
  const postgres = await startPostgres();
  try {
    const outcome = await measure(postgres);
    write(outcome);
    console.log(report(outcome));
    if (outcome.rows.some(({ errors }) => errors > 0)) process.exitCode = 1;
  } finally {
    await postgres.stop();
  }
}

if (only !== 'matrix') await compareProviders();
if (wants('matrix') && !(quick && !only)) {
  const { measureMatrix } = await import('./matrix/run.ts');
  await measureMatrix(say);
}
