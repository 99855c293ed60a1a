// The CA as `cullis ca show` prints it.
import type { StatusResponse } from '#api/control.ts';
import { formatDurationMs } from '#base/duration.ts';
import { count, heading, table } from '../text.ts';
import type { Paint } from '../text.ts';
import { rotationLines } from './status.ts';

export function renderAuthority(
  { authority, rotation, revoked, mesh, timeMs }: Pick<StatusResponse, 'authority' | 'rotation' | 'revoked' | 'mesh' | 'timeMs'>,
  paint: Paint,
): string[] {
  if (!authority) return [paint('quiet', 'no CA yet: nothing is in force')];
  const left = (untilMs: number): string => `${formatDurationMs(untilMs - timeMs)} left`;
  const lines = table(
    [
      ['trust domain', mesh.trustDomain],
      ['root', `sha256 ${authority.rootFingerprint}, ${left(authority.rootNotAfterMs)}`],
      ['issuing CA', `serial ${authority.issuingSerial}, ${left(authority.issuingNotAfterMs)}`],
      ['issued', `${count(authority.issued, 'certificate')} that have not ended`],
      ['revoked', revoked.length === 0 ? 'nothing' : `${revoked.length} (\`cullis status\` lists them)`],
    ].map(([name, value]) => [paint('quiet', name!), value!]),
  );
  if (rotation) lines.push('', heading(paint, 'the root is being rotated'), ...rotationLines(rotation, timeMs, paint));
  return lines;
}
