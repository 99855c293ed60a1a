// Identities as a table, and one of them in full.
import type { IdentitiesResponse, StatusResponse } from '#api/control.ts';
import { formatDurationMs } from '#base/duration.ts';
import { heading, table } from '../text.ts';
import type { Paint } from '../text.ts';
import { linkTable } from './status.ts';

export type IdentityRow = IdentitiesResponse['identities'][number];

export function renderIdentities(identities: readonly IdentityRow[], nowMs: number, paint: Paint): string[] {
  if (identities.length === 0) return [paint('quiet', 'no identities: nothing runs here')];
  const head = ['identity', 'workloads', 'certificate', 'key held by'].map((text) => paint('quiet', text));
  const rows = identities.map((one) => [
    one.identity,
    one.workloads.join(' ') || '-',
    expiry(one, nowMs, paint),
    one.worker || '-',
  ]);
  return table([head, ...rows]);
}

function expiry(one: IdentityRow, nowMs: number, paint: Paint): string {
  if (!one.certificate) return paint('warn', 'none yet');
  const leftMs = one.certificate.notAfterMs - nowMs;
  if (leftMs <= 0) return paint('bad', `expired ${formatDurationMs(-leftMs)} ago`);
  return `${paint(leftMs < 3_600_000 ? 'warn' : 'good', 'good')} for ${formatDurationMs(leftMs)}`;
}

export function renderIdentity(one: IdentityRow, status: StatusResponse, paint: Paint): string[] {
  const { certificate } = one;
  const rows: (readonly [string, string])[] = [
    ['identity', one.identity],
    ['workloads', one.workloads.join(' ') || '-'],
    ['certificate', expiry(one, status.timeMs, paint)],
  ];
  if (certificate) rows.push(['serial', certificate.serial], ['until', new Date(certificate.notAfterMs).toISOString()]);
  if (one.issuedMs !== null) rows.push(['issued', new Date(one.issuedMs).toISOString()]);
  rows.push(['key', one.worker === '' ? '-' : `in the memory of ${one.worker}, nowhere else`]);
  if (status.authority) rows.push(['root', `sha256 ${status.authority.rootFingerprint}`]);
  const lines = table(rows.map(([name, value]) => [paint('quiet', name), value]));
  const calls = status.links.filter((link) => link.source === one.identity);
  const called = status.links.filter((link) => one.workloads.includes(link.destination));
  if (calls.length > 0) lines.push('', heading(paint, 'calls'), ...linkTable({ links: calls }, paint));
  if (called.length > 0) lines.push('', heading(paint, 'is called by'), ...linkTable({ links: called }, paint));
  return lines;
}
