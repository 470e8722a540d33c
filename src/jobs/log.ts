/** As much of a pino logger as the worker needs. */
export interface JobLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLog: JobLog = { info() {}, warn() {}, error() {} };
