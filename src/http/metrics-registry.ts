import { setTimeout as delay } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RequestEnd } from './requests.ts';

type DatabaseFigures = {
  jobs: { waiting: number; failed: number };
  /** Rooms on Matrix by state. */
  rooms: Readonly<Record<string, number>>;
  tables: readonly { table: string; rows: number; bytes: number }[];
};

/** Asked at each scrape. */
export type Figures = {
  passwordHashes(): { computed: number; waiting: number };
  /** Of new passwords, how many another server said to be in a breach, or not, or did not say. */
  passwordBreaches(): { breached: number; clear: number; failed: number };
  pool(): { total: number; idle: number; waiting: number };
  /** What could not be done after a commit, such as the count of an event. */
  afterCommitErrors(): number;
  database(): Promise<DatabaseFigures>;
};

export type SignInOutcome = { method: string; outcome: 'success' | 'failure' };

export type Recorder = {
  requestEnded(end: RequestEnd): void;
  happened(event: { action: string; outcome?: 'success' | 'failure' }): void;
  signIn(signIn: SignInOutcome): void;
  scrape(): Promise<{ type: string; text: string }>;
};

/** Milliseconds; Prometheus itself gives up after ten seconds. */
const patience = 3000;

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createRecorder(
  figures: Figures,
  groupOf: (route: string | undefined) => string,
): Recorder {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'openmeet_http_request_seconds',
    help: 'Time to the end of the answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: seconds,
    registers: [registry],
  });
  const events = new Counter({
    name: 'openmeet_events_total',
    help: 'Audit events.',
    labelNames: ['action', 'outcome'],
    registers: [registry],
  });
  const signIns = new Counter({
    name: 'openmeet_sign_ins_total',
    help: 'Sign-ins that succeeded and attempts that were refused.',
    labelNames: ['method', 'outcome'],
    registers: [registry],
  });
  addProcessGauges(registry, figures);
  const showDatabase = addDatabaseGauges(registry);
  return {
    requestEnded({ method, route, status, seconds: taken }) {
      const labels = {
        method: methods.has(method) ? method : 'other',
        route: groupOf(route),
        status: `${Math.floor(status / 100)}xx`,
      };
      requests.observe(labels, taken);
    },
    happened: ({ action, outcome = 'success' }) => events.inc({ action, outcome }),
    signIn: (signIn) => signIns.inc(signIn),
    async scrape() {
      showDatabase(await inTime(figures.database()));
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** Nothing when the database fails or takes so long that the scrape itself would fail. */
function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  const late = delay(patience, undefined, { ref: false });
  return Promise.race([answer, late]).catch(() => undefined);
}

/** What this process knows of itself. */
function addProcessGauges(registry: Registry, figures: Figures): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('openmeet_password_hashes_waiting', 'Password hashes that wait for their turn.', () => {
    return figures.passwordHashes().waiting;
  });
  new Counter({
    name: 'openmeet_password_hashes_total',
    help: 'Password hashes computed.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(figures.passwordHashes().computed);
    },
  });
  new Counter({
    name: 'openmeet_password_breach_checks_total',
    help: 'New passwords that another server was asked about.',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(figures.passwordBreaches())) {
        this.inc({ outcome }, count);
      }
    },
  });
  new Gauge({
    name: 'openmeet_database_connections',
    help: 'Connections of the pool.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { total, idle } = figures.pool();
      this.set({ state: 'idle' }, idle);
      this.set({ state: 'used' }, total - idle);
    },
  });
  new Counter({
    name: 'openmeet_after_commit_errors_total',
    help: 'What could not be done after a commit, such as a log line.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(figures.afterCommitErrors());
    },
  });
  gauge('openmeet_database_connections_wanted', 'Requests that wait for a connection.', () => {
    return figures.pool().waiting;
  });
}

/** What only the database knows; when it cannot be reached, that is all there is to say. */
function addDatabaseGauges(registry: Registry) {
  const registers = [registry];
  const up = new Gauge({
    name: 'openmeet_database_up',
    help: '1 when the database answered this scrape.',
    registers,
  });
  const jobs = new Gauge({
    name: 'openmeet_jobs',
    help: 'Jobs in the queue; a failed one is not tried again.',
    labelNames: ['state'],
    registers,
  });
  const rooms = new Gauge({
    name: 'openmeet_rooms',
    help: 'Rooms on Matrix: failed and held ones need somebody.',
    labelNames: ['state'],
    registers,
  });
  const labelNames = ['table'];
  const rows = new Gauge({
    name: 'openmeet_table_rows',
    help: 'Rows of a table, as PostgreSQL estimates them.',
    labelNames,
    registers,
  });
  const bytes = new Gauge({
    name: 'openmeet_table_bytes',
    help: 'Size of a table with its indexes.',
    labelNames,
    registers,
  });
  return (figures: DatabaseFigures | undefined) => {
    for (const gauge of [jobs, rooms, rows, bytes]) gauge.reset();
    up.set(figures ? 1 : 0);
    if (!figures) return;
    jobs.set({ state: 'waiting' }, figures.jobs.waiting);
    jobs.set({ state: 'failed' }, figures.jobs.failed);
    for (const [state, count] of Object.entries(figures.rooms)) rooms.set({ state }, count);
    for (const size of figures.tables) {
      rows.set({ table: size.table }, size.rows);
      bytes.set({ table: size.table }, size.bytes);
    }
  };
}
