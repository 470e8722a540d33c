import type { Clock } from './clock.ts';
import type { ColdStarts } from './cold-start.ts';
import type { Row } from './compare.ts';
import type { PeerName } from './peers.ts';

export type Memory = { peer: PeerName; idleMb: number; peakMb: number };

export type Outcome = {
  rows: readonly Row[];
  memory: readonly Memory[];
  /** CPU ms of one Argon2id hash by itself. */
  hashMs: number;
  coldStarts?: ColdStarts;
  clock?: Clock;
};

export type Target = {
  what: string;
  /** `value` must be at most, or at least, `bound`. */
  must: 'at most' | 'at least';
  bound: number;
  unit: string;
  value: number;
  reached: boolean;
};

type Aim = Omit<Target, 'value' | 'reached'> & { value: number | undefined };

/** Ratios are read at this many flows at once. */
const at = 8;

/** What this service promises of itself, and whether this run kept it. What was not run is left out. */
export function judge(outcome: Outcome): Target[] {
  return [
    ...cpuAims(outcome),
    ...rateAims(outcome),
    ...sizeAims(outcome),
    ...listAims(outcome),
  ].flatMap(({ value, ...aim }) =>
    value === undefined || Number.isNaN(value)
      ? []
      : [
          {
            ...aim,
            value,
            reached: aim.must === 'at most' ? value <= aim.bound : value >= aim.bound,
          },
        ],
  );
}

function cpuAims({ rows, hashMs }: Outcome): Aim[] {
  const repeat = ratio(rows, 'repeat sign-in', 'cpu', 'ceiling');
  const signIn = find(rows, 'sign-in', 'ours')?.cpu;
  return [
    aim('repeat sign-in: CPU of the ceiling', 'at most', 2, '×', repeat),
    aim('sign-in: CPU beyond the hash', 'at most', 7, 'ms', signIn && signIn - hashMs),
  ];
}

function rateAims({ rows }: Outcome): Aim[] {
  const rate = (operation: string, peer: PeerName) => ratio(rows, operation, 'rate', peer);
  return [
    aim(
      'repeat sign-in: rate of the ceiling',
      'at least',
      0.5,
      '×',
      rate('repeat sign-in', 'ceiling'),
    ),
    aim('refresh: rate of the simple adapter', 'at least', 1.3, '×', rate('refresh', 'simple')),
    aim('userinfo: rate of the ceiling', 'at least', 0.6, '×', rate('userinfo', 'ceiling')),
    aim(
      'introspection: rate of the ceiling',
      'at least',
      0.6,
      '×',
      rate('introspection', 'ceiling'),
    ),
  ];
}

/** What an administrator opens, however many people, rooms and rows there are. */
function listAims({ rows }: Outcome): Aim[] {
  return rows
    .filter(({ operation }) => operation.startsWith('list: '))
    .map((row) => aim(`${row.operation}: CPU`, 'at most', 100, 'ms', row.cpu));
}

function sizeAims({ rows, memory, coldStarts }: Outcome): Aim[] {
  const ours = memory.find(({ peer }) => peer === 'ours');
  const asked = rows.filter(({ operation }) => operation.startsWith('availability'));
  const alone = asked.filter((row) => row.at === 1);
  const [smallest, largest] = [alone[0], alone.at(-1)];
  return [
    ...alone.map((row) => aim(`${row.operation}: p99`, 'at most', 5, 'ms', row.p99)),
    aim(
      'availability: p50 with most handles, of that with fewest',
      'at most',
      1.3,
      '×',
      smallest && largest && smallest !== largest ? largest.p50 / smallest.p50 : undefined,
    ),
    aim('memory idle', 'at most', 150, 'MB', ours?.idleMb),
    aim('memory under load', 'at most', 250, 'MB', ours?.peakMb),
    aim('ready on a migrated database', 'at most', 0.9, 's', coldStarts?.migrated),
    aim('ready with the embedded database, first', 'at most', 5, 's', coldStarts?.embeddedFirst),
    aim('ready with the embedded database, later', 'at most', 1.5, 's', coldStarts?.embedded),
  ];
}

function aim(
  what: string,
  must: Aim['must'],
  bound: number,
  unit: string,
  value: number | undefined,
): Aim {
  return { what, must, bound, unit, value };
}

function ratio(
  rows: readonly Row[],
  operation: string,
  of: 'cpu' | 'rate',
  peer: PeerName,
): number | undefined {
  const ours = find(rows, operation, 'ours');
  const theirs = find(rows, operation, peer);
  return ours && theirs && ours[of] / theirs[of];
}

function find(rows: readonly Row[], operation: string, peer: PeerName): Row | undefined {
  return rows.find((row) => row.operation === operation && row.peer === peer && row.at === at);
}
