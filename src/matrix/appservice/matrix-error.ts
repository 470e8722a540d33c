/** An error in the shape of the Matrix specification: Client-Server API, "Standard error response". */
export class MatrixError extends Error {
  readonly status: number;
  readonly errcode: string;

  constructor(status: number, errcode: string, message: string) {
    super(message);
    this.name = 'MatrixError';
    this.status = status;
    this.errcode = errcode;
  }
}
