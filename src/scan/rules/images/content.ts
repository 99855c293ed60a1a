// What rules over the content of an image share.
import { imageLocation } from '../../image/inspect.ts';
import type { ImageReport } from '../../image/inspect.ts';
import type { Hit } from '../../rule.ts';

export const OCI = 'https://github.com/opencontainers/image-spec/blob/main/config.md';
export const CIS_DOCKER = 'CIS Docker Benchmark';

/** Where a finding about an image stands. @param path of a file inside it; '' for the image as a whole */
export function inImage(report: ImageReport, path: string): Hit['at'] {
  return { location: imageLocation(report.image.reference, path), subject: report.image.reference };
}

/** Names of variables that hold secrets. */
export const SECRET_NAME = /(?:^|_)(?:PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)(?:_|$)/i;

/** Names that end so hold a place or a switch, no secret. */
export const NO_SECRET_NAME =
  /(?:_(?:FILE|PATH|DIR|FOLDER|URL|URI|HOST|PORT|ENDPOINT|NAME|USER|USERNAME|ACCOUNT|ID|TTL|ENABLED|DISABLED|TYPE|MODE|LENGTH|SIZE|HEADER|COOKIE|EXPIRY|EXPIRATION|EXPIRES|EXPIRES_IN|TIMEOUT|ISSUER|AUDIENCE|ALGORITHM|ALG|CLAIM|SCOPES?|PREFIX|VERSION|POLICY|PROVIDER|STORE|BACKEND|SERVICE|REGION|NAMESPACE|REQUIRED)|^PWD|^OLDPWD)$/i;

/** Values that are none: switches, references, places. */
export const NO_SECRET_VALUE =
  /^(?:|true|false|yes|no|on|off|none|null|changeme|\d{1,5}|\$\{?\w+\}?|<.*>|\/.*|https?:\/\/[^@]*)$/i;
