// Mutants of real systems: for each gap, changes that bring it in must be found, and near-miss twins must stay silent.
import { join } from 'node:path';
import { analyse } from '#app/scan/analyse.ts';
import type { Finding } from '#model/finding.ts';
import { filesOf, Systems } from '../mutants/world.ts';
import type { Gap, World } from '../mutants/world.ts';
import { gap as authorization } from '../mutants/gaps/authorization.ts';
import { gap as build } from '../mutants/gaps/build.ts';
import { gap as certificates } from '../mutants/gaps/certificates.ts';
import { gap as images } from '../mutants/gaps/images.ts';
import { gap as introspection } from '../mutants/gaps/introspection.ts';
import { gap as jwt } from '../mutants/gaps/jwt.ts';
import { gap as network } from '../mutants/gaps/network.ts';
import { gap as oauth } from '../mutants/gaps/oauth.ts';
import { gap as parity } from '../mutants/gaps/parity.ts';
import { gap as rateLimit } from '../mutants/gaps/rate-limit.ts';
import { gap as secretAge } from '../mutants/gaps/secret-age.ts';
import { gap as tls } from '../mutants/gaps/tls.ts';
import { gap as moreAuthorization } from '../mutants/more/authorization.ts';
import { gap as moreBuild } from '../mutants/more/build.ts';
import { gap as moreCertificates } from '../mutants/more/certificates.ts';
import { gap as moreImages } from '../mutants/more/images.ts';
import { gap as moreIntrospection } from '../mutants/more/introspection.ts';
import { gap as moreJwt } from '../mutants/more/jwt.ts';
import { gap as moreNetwork } from '../mutants/more/network.ts';
import { gap as moreOauth } from '../mutants/more/oauth.ts';
import { gap as moreParity } from '../mutants/more/parity.ts';
import { gap as moreRateLimit } from '../mutants/more/rate-limit.ts';
import { gap as moreSecretAge } from '../mutants/more/secret-age.ts';
import { gap as moreTls } from '../mutants/more/tls.ts';
import { MUTANTS_NOW } from '../mutants/now.ts';
import type { RowResult, Suite } from '../suite.ts';

const GAPS: readonly Gap[] = [
  rateLimit,
  tls,
  network,
  parity,
  images,
  authorization,
  jwt,
  certificates,
  oauth,
  secretAge,
  introspection,
  build,
  // By another author, over other systems.
  moreRateLimit,
  moreTls,
  moreNetwork,
  moreParity,
  moreImages,
  moreAuthorization,
  moreJwt,
  moreCertificates,
  moreOauth,
  moreSecretAge,
  moreIntrospection,
  moreBuild,
];

function findingsOf(world: World, { codes }: Gap): Map<string, Finding> {
  const files = filesOf(world).map(({ path, text }) => ({ path, bytes: new TextEncoder().encode(text), stamp: '' }));
  const { data } = analyse(files, { nowMs: MUTANTS_NOW });
  const all = [...data.findings, ...data.units.flatMap(({ findings }) => findings)];
  // What is only worth a remark does not count as noise, nor as found.
  const counted = all.filter(
    ({ code, severity }) => severity !== 'info' && codes.some((beginning) => code.startsWith(beginning)),
  );
  return new Map(counted.map((finding) => [finding.id, finding]));
}

export const suite = {
  name: 'mutants',
  needs: 'systems',
  run({ dir }) {
    const systems = new Systems(join(dir, 'systems'));
    const rows: RowResult[] = [];
    for (const gap of GAPS) {
      const bases = new Map<World, Map<string, Finding>>();
      for (const { name, base, changed, expect } of gap.cases(systems)) {
        let before = bases.get(base);
        if (!before) bases.set(base, (before = findingsOf(base, gap)));
        const known = before;
        const fresh = [...findingsOf(changed, gap)].filter(([key]) => !known.has(key));
        const pass = fresh.length > 0 === (expect === 'found');
        const why =
          expect === 'found'
            ? 'nothing new was found'
            : fresh.map(([, { code, subject, title }]) => `${code} ${subject ?? ''} ${title}`).join('; ');
        rows.push({ id: `${gap.name}/${expect}/${name}`, pass, ...(!pass && { why }) });
      }
    }
    return Promise.resolve(rows);
  },
} satisfies Suite;
