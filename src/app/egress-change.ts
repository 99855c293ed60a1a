// The smallest change for a refusal on the way out: the ServiceEntry that would name the host, or the member of the EgressPolicy that would let it pass.
import { isIP } from 'node:net';
import type { SmallestChange } from '#model/decision.ts';
import type { Event, ExchangeEvent, NameEvent } from '#model/event.ts';
import { toYaml } from '#policy/yaml.ts';

/** @returns undefined when the event is no refusal of a way out, or no change of a resource would help */
export function egressChange(event: Event): SmallestChange | undefined {
  if (event.type === 'name') return event.answer === 'unknown' ? changeForName(event) : undefined;
  if (event.type === 'egress' && event.rule === 'no-way' && event.place === 'tcp')
    return entryFor(event.workload, event.host, { number: event.port, name: 'tcp', protocol: 'TCP' });
  if (event.type !== 'exchange' || event.allowed) return undefined;
  switch (event.code) {
    case 'egress.host':
      return changeForHost(event);
    case 'egress.limit':
      return changeForLimit(event);
    case 'egress.content':
      return changeForContent(event);
    default:
      return undefined;
  }
}

function changeForName({ workload, name }: NameEvent): SmallestChange | undefined {
  if (!/^[a-z0-9_](?:[a-z0-9._-]{0,252})$/.test(name) || !name.includes('.')) return undefined;
  // What it wants there nobody knows before it connects; most of the world is HTTPS.
  return entryFor(workload, name, { number: 443, name: 'tls', protocol: 'TLS' });
}

function changeForHost({ workload, host, protocol, destinationPort }: ExchangeEvent): SmallestChange | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (name === '')
    return {
      text: 'let the program say whom it calls: a TLS client with a server name (SNI) that is not hidden',
      yaml: '',
      at: '',
    };
  const written = Number(/:(\d+)$/.exec(host)?.[1] ?? destinationPort);
  return entryFor(
    workload,
    name,
    protocol === 'http' ? { number: written, name: 'http', protocol: 'HTTP' } : { number: written, name: 'tls', protocol: 'TLS' },
  );
}

function entryFor(
  workload: string,
  host: string,
  port: { readonly number: number; readonly name: string; readonly protocol: string },
): SmallestChange {
  const [namespace = ''] = workload.split('/');
  const literal = isIP(host) !== 0;
  const yaml = toYaml({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: host.replaceAll(/[^a-z0-9.-]/g, '-'), namespace },
    spec: {
      hosts: [literal ? `${host.replaceAll(/[.:]/g, '-')}.outside` : host],
      addresses: literal ? [host] : undefined,
      ports: [port],
      location: 'MESH_EXTERNAL',
      resolution: literal ? 'NONE' : 'DNS',
      exportTo: ['.'],
    },
  });
  return {
    text: `if \`${workload}\` is meant to call \`${host}\` on port ${port.number}, name it in a ServiceEntry of its namespace`,
    yaml,
    at: '',
  };
}

function changeForLimit({ reasons, workload }: ExchangeEvent): SmallestChange | undefined {
  const [reason] = reasons ?? [];
  const limit = reason?.field.replace(/^limits\./, '');
  if (!reason || !limit) return undefined;
  const text = `if \`${workload}\` is meant to send out this much, raise \`limits.${limit}\` of \`${reason.policy}\` above ${reason.wanted[0] ?? ''}`;
  return { text, yaml: '', at: reason.at };
}

function changeForContent({ reasons }: ExchangeEvent): SmallestChange | undefined {
  const [reason] = reasons ?? [];
  if (!reason) return undefined;
  const rule = reason.actual;
  const header = /\(header ([^)]+)\)$/.exec(reason.text)?.[1];
  if (rule === 'unreadable')
    return {
      text: `send it whole and plain, or let \`${reason.policy}\` pass what cannot be searched`,
      yaml: toYaml({ inspect: { wholeOnly: false } }),
      at: reason.at,
    };
  const member = header === undefined ? { exceptRules: [rule] } : { exceptHeaders: [header] };
  const what =
    header === undefined
      ? `what \`${rule}\` finds is meant to be sent`
      : `\`${header}\` is meant to carry the destination's credential`;
  return { text: `if ${what}, except it in \`${reason.policy}\``, yaml: toYaml({ inspect: member }), at: reason.at };
}
