/** Every operating error the product throws: one row a code, with what a person should do. `docs/reference/errors.md` is generated from it. */
export const ERROR_CODES = {
  'usage.invalid': 'a command was given words it does not know; the command with `--help` lists them',
  'config.invalid': 'a manifest or policy is wrong; each mistake is listed with file, line and column',
  'config.unreadable': 'a file or folder could not be read; check the path and its permissions',
  'state.unreadable': 'the state folder is damaged or belongs to a newer version; the message names the file',
  'state.locked': 'another cullis process uses this state folder; stop it or choose another with --state',
  'key.unavailable': 'the key that protects the CA could not be had; check the key file or passphrase',
  'ca.refused': 'the CA refused to sign; the message says which rule the request broke',
  'trust.rejected': 'a certificate or token was not accepted; the message says which check failed',
  'fetch.refused': 'an outgoing fetch was refused by the guard against server-side request forgery, or exceeded its limits',
  'fetch.failed': 'an outgoing fetch failed or ran out of time',
  'upstream.unreachable': 'the destination did not accept a connection in time',
  'upstream.protocol': 'the destination answered with a message that breaks HTTP',
  'listen.failed': 'a listener could not be opened; the message names the address',
  'process.failed': 'a process could not be started or ended too often',
  'isolation.unavailable': 'network namespaces cannot be made here; run as root or with --isolation none',
  'control.unreachable': 'the control plane did not answer; is `cullis up` running with this state folder?',
  'api.unauthorized': 'the operator token is missing, wrong or lacks the role for this call',
  'image.invalid':
    'an image or archive is damaged, of an unknown format or larger than what is read; the message says which part',
  'image.unavailable': 'an image could not be had from its registry; check the name, the platform and the credentials',
  'advisories.unreadable': 'the advisory database is missing, damaged or of another version; `cullis db update` makes it anew',
  'journal.damaged': 'a journal record did not pass its checksum; the message names file and offset',
  'journal.unwritable': 'an event could not be written to disk, so what it reports was not done; free space or check permissions',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The one class for operating errors (upstream down, disk full). Denials are values and bugs are assertions, never this. */
export class CullisError extends Error {
  readonly code: ErrorCode;
  /** @param code a row of ERROR_CODES @param message lower-case, no full stop, the user's words in backticks */
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CullisError';
    this.code = code;
  }
}

/** The text of anything caught, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
