import { settingEntries } from './environment.ts';

/** Names that begin so are ours: one that we do not know is a mistake. */
const families = [
  'BLUESKY_',
  'CONSOLE_',
  'DATABASE_',
  'ENCRYPTION_',
  'GOOGLE_',
  'HANDLE_',
  'MAIL_',
  'MATRIX_',
  'METRICS_',
  'PASSWORD_HASH_',
  'SMTP_',
  'SYNAPSE_',
  'TRUSTED_',
  'UPSTREAM_',
];

/** Set by others under our prefixes: Google's own tools, and Kubernetes for a service "synapse". */
const foreign = [
  /^GOOGLE_(?:APPLICATION_|CLOUD_|GENAI_|GHA_|CREDENTIALS=|API_KEY=|PROJECT=)/,
  /_SERVICE_(?:HOST|PORT(?:_\w+)?)=/,
  /_PORT=(?:tcp|udp):/,
  /_PORT_\d+_(?:TCP|UDP)(?:_(?:PROTO|PORT|ADDR))?=/,
];

const known = settingEntries.flatMap(([name, { secret }]) =>
  secret ? [name, `${name}_FILE`] : [name],
);
const knownNames = new Set<string>(known);

/** One problem for each variable that looks like a setting of ours but is none. */
export function unknownNames(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (!value || knownNames.has(name)) return [];
    if (foreign.some((pattern) => pattern.test(`${name}=${value}`))) return [];
    const family = families.find((prefix) => name.startsWith(prefix));
    const meant = nearest(name);
    if (meant) return [`${name} is not a setting. Did you mean ${meant}?`];
    return family ? [`${name} is not a setting. ${membersOf(family)}`] : [];
  });
}

function membersOf(family: string): string {
  const members = known.filter((name) => name.startsWith(family));
  return members.length === 0
    ? `There are none that begin with ${family}`
    : `Those that begin with ${family} are ${members.join(', ')}.`;
}

/** Short names lie so close to others' (PORT, HOST, PWD) that only long ones are compared. */
function nearest(name: string): string | undefined {
  if (name.length < 6) return undefined;
  const upper = name.toUpperCase();
  return known
    .filter((candidate) => candidate.length >= 6)
    .map((candidate) => ({ candidate, distance: editDistance(upper, candidate) }))
    .filter(({ candidate, distance }) => distance <= (candidate.length < 9 ? 1 : 2))
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;
}

/** Letters to add, drop, replace or swap with their neighbour to make `a` from `b`. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
