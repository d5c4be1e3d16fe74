/** Base class of every error that querent throws on purpose. `code` is stable; the message is a sentence for people. */
export class QuerentError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** An argument has the wrong type, range or combination. */
export class ArgumentError extends QuerentError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_QUERENT_ARGUMENT', message, options);
  }
}

/** Sizes do not fit together: ragged rows, a buffer too short, `k` above what is eligible. */
export class ShapeError extends QuerentError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_QUERENT_SHAPE', message, options);
  }
}

/** A value in the data is not usable: NaN, a negative probability, a row that does not sum to one. */
export class ValueError extends QuerentError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_QUERENT_VALUE', message, options);
  }
}

/** A buffer was detached or transferred before or during the call. */
export class DetachedError extends QuerentError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_QUERENT_DETACHED', message, options);
  }
}

/** A file is not what its name or header says: wrong magic, cut short, unusable layout. */
export class FormatError extends QuerentError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_QUERENT_FORMAT', message, options);
  }
}

/**
 * Something this machine lacks: a CPU level, CUDA, TensorFlow. The message says how to get it. `code` names the thing
 * where a caller would tell them apart (`ERR_QUERENT_CUDA_UNAVAILABLE`).
 */
export class UnavailableError extends QuerentError {
  constructor(message: string, options: ErrorOptions & { code?: `ERR_QUERENT_${string}` } = {}) {
    const { code = 'ERR_QUERENT_UNAVAILABLE', ...rest } = options;
    super(code, message, rest);
  }
}

/** A file or folder could not be read or written. */
export class StorageError extends QuerentError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_QUERENT_STORAGE', message, options);
  }
}
