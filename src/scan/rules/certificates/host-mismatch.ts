import { readCertificate } from '#pki/certificate.ts';
import type { Certificate } from '#pki/certificate.ts';
import { certificatesOf } from '#pki/pem.ts';
import type { Resource } from '#model/resource.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { RFC5280 } from './common.ts';

type Raw = Readonly<Record<string, unknown>>;

/** An Ingress whose certificate is for other hosts. */
export const HOST_MISMATCH = {
  id: 'certificates.host-mismatch',
  name: 'Certificate for other hosts',
  severity: 'medium',
  cwe: [297],
  why: 'Clients that check the name refuse the connection; those that were made to work with it check nothing.',
  help: 'issue a certificate that names the host',
  references: ['RFC 9525', RFC5280],
  tags: [],
  *check({ system }) {
    const secrets = new Map(
      system.resources.flatMap((resource) =>
        resource.kind === 'Secret' ? [[`${resource.metadata.namespace}/${resource.metadata.name}`, resource] as const] : [],
      ),
    );
    if (secrets.size === 0) return;
    for (const ingress of system.resources) {
      if (ingress.kind !== 'Ingress') continue;
      const tls = (ingress.spec as Raw | undefined)?.['tls'];
      if (!Array.isArray(tls)) continue;
      for (const [i, one] of (tls as Raw[]).entries()) {
        const secret = secrets.get(`${ingress.metadata.namespace}/${String(one['secretName'])}`);
        const leaf = secret && leafOf(secret);
        const hosts = Array.isArray(one['hosts']) ? one['hosts'].filter((host): host is string => typeof host === 'string') : [];
        for (const host of leaf ? hosts : [])
          if (!covers(leaf!, host)) yield mismatch(ingress, i, host, String(one['secretName']));
      }
    }
  },
} satisfies SystemRule;

function mismatch(ingress: Resource, index: number, host: string, secret: string): Hit {
  return {
    title: `the certificate in \`${secret}\` is not for \`${host}\``,
    at: { resource: ingress, path: ['spec', 'tls', index] },
    detail: host,
  };
}

/** The first certificate of `tls.crt`, which the reader of Secrets keeps. */
function leafOf(secret: Resource): Certificate | undefined {
  const pem = (secret.body['certificates'] as Raw | undefined)?.['tls.crt'];
  const der = typeof pem === 'string' ? certificatesOf(pem)[0] : undefined;
  try {
    return der && readCertificate(der);
  } catch {
    return undefined;
  }
}

/** RFC 9525 section 6.3: a star stands for one whole label. */
function covers({ altNames }: Certificate, host: string): boolean {
  const wanted = host.toLowerCase();
  return altNames.dns.some((written) => {
    const name = written.toLowerCase();
    return name === wanted || (name.startsWith('*.') && wanted.slice(wanted.indexOf('.')) === name.slice(1));
  });
}
