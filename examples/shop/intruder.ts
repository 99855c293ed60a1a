// An attacker with a shell in `logging`: everything below runs as a child of that service, with what it has. Each try is one function and one
// line of JSON: {"try": …, "outcome": "reached" | "refused" | "untried", "detail": …}. Leaves with 1 when any try got through, else 0.
// Nothing is harmed: one charge of one cent is asked for, secrets are counted and never printed, and the only signal sent is 0.
import { makeCertificate } from './intruder/certificate.ts';
import { openMemory, readEnvironments, readFolder, readOpenFiles, signalOthers } from './intruder/machine.ts';
import { CHARGE, INVOICES, knockHttp, knockPlain, knockSocket, knockTls } from './intruder/network.ts';
import { sum } from './intruder/targets.ts';
import {
  METADATA,
  METADATA_NAME,
  knockAbstract,
  knockName,
  knockTcp,
  knockUdp,
  makeNamespace,
  openOtherSockets,
} from './intruder/ways-out.ts';
import type { HttpTry } from './intruder/network.ts';
import type { Knock, NamedPlace, Place, Result, Targets } from './intruder/targets.ts';

const targets = JSON.parse(process.env['INTRUDER_TARGETS'] || '{}') as Targets;
const wantedIdentity = targets.wantedIdentity ?? 'spiffe://cluster.local/ns/ecommerce/sa/cart';

/** Where this workload's own environment says the billing API is. */
function billing(): Place | undefined {
  const ip = process.env['PAYMENT_PROCESSING_SERVICE_HOST'];
  const port = Number(process.env['PAYMENT_PROCESSING_SERVICE_PORT']);
  return targets.billing ?? (ip !== undefined && port > 0 ? { ip, port } : undefined);
}

async function throughOwnSidecar(name: string, what: HttpTry): Promise<Result> {
  const place = billing();
  return sum(name, place ? [{ door: '', ...(await knockHttp(place, what)) }] : []);
}

async function everywhere(
  name: string,
  places: readonly NamedPlace[] | undefined,
  knock: (place: NamedPlace) => Promise<Knock>,
): Promise<Result> {
  const knocks = (places ?? []).map(async (place) => ({ door: place.workload, ...(await knock(place)) }));
  return sum(name, await Promise.all(knocks));
}

const chargeACustomer = (): Promise<Result> => throughOwnSidecar('charge a customer through my own sidecar', CHARGE);
const readInvoices = (): Promise<Result> => throughOwnSidecar('read invoices through my own sidecar', INVOICES);

const forgeIdentityHeaders = (): Promise<Result> =>
  throughOwnSidecar('read invoices with forged identity headers', {
    ...INVOICES,
    headers: {
      'x-forwarded-client-cert': `By=spiffe://cluster.local/ns/ecommerce/sa/payment-processing;URI=${wantedIdentity}`,
      'x-cullis-source-identity': wantedIdentity,
      'x-envoy-internal': 'true',
      'x-forwarded-for': '127.0.0.1',
    },
  });

const callProgramsDirectly = (): Promise<Result> =>
  everywhere('call other programs past their sidecars', targets.apps, knockPlain);

const useForeignListener = (): Promise<Result> =>
  everywhere("use another workload's outbound listener", targets.foreignOutbound, (place) =>
    place.protocol === 'tcp' ? knockPlain(place) : knockHttp(place, INVOICES),
  );

const speakPlaintext = (): Promise<Result> => everywhere('speak plaintext to a STRICT port', targets.inbound, knockPlain);
const showNoCertificate = (): Promise<Result> =>
  everywhere('speak TLS without a certificate', targets.inbound, (place) => knockTls(place, undefined));

async function showForgedCertificate(): Promise<Result> {
  const certificate = makeCertificate(wantedIdentity);
  return await everywhere("show another identity's certificate, self-signed", targets.inbound, (place) =>
    knockTls(place, certificate),
  );
}

const onMachine = (name: string, look: () => Knock) => (): Result => sum(name, [{ door: '', ...look() }]);

const readStateFolder = (): Result =>
  sum('read the state folder', targets.stateDir === undefined ? [] : [{ door: '', ...readFolder(targets.stateDir) }]);

async function talkToControl(): Promise<Result> {
  const knocks = (targets.controlSockets ?? []).map(async (path) => ({
    door: path.split('/').at(-1) ?? path,
    ...(await knockSocket(path)),
  }));
  return sum('pose as a proxy worker at the control socket', await Promise.all(knocks));
}

async function useAdminApi(): Promise<Result> {
  const { admin } = targets;
  const tries = [{}, { authorization: 'Bearer 0000000000000000' }];
  const knocks = tries.map(async (headers) => ({
    door: '',
    ...(await knockHttp(admin as Place, { method: 'GET', path: '/api/v1/status', headers })),
  }));
  return sum('use the admin API', admin ? await Promise.all(knocks) : []);
}

async function askMetadata(): Promise<Result> {
  const knocks = METADATA.map(async (place) => ({ door: place.ip, ...(await knockTcp(place)) }));
  return sum("ask the cloud for the machine's credentials", [
    ...(await Promise.all(knocks)),
    { door: METADATA_NAME, ...(await knockName(METADATA_NAME, 80)) },
  ]);
}

async function callHome(): Promise<Result> {
  const knocks = (targets.outside ?? []).map(async (place) => ({ door: place.ip, ...(await knockTcp(place)) }));
  return sum('call home past the mesh', await Promise.all(knocks));
}

async function sendDatagrams(): Promise<Result> {
  const knocks = (targets.outside ?? []).map(async ({ ip }) => ({ door: ip, ...(await knockUdp({ ip, port: 53 })) }));
  return sum('ask a name server outside, by UDP', await Promise.all(knocks));
}

async function talkToAbstract(): Promise<Result> {
  return sum('connect to unix sockets without a file', [{ door: '', ...(await knockAbstract()) }]);
}

function openSockets(): Result {
  const knock = openOtherSockets();
  return sum('open sockets that network namespaces do not cover', knock ? [{ door: '', ...knock }] : []);
}

const TRIES: readonly (() => Result | Promise<Result>)[] = [
  chargeACustomer,
  readInvoices,
  forgeIdentityHeaders,
  callProgramsDirectly,
  useForeignListener,
  speakPlaintext,
  showNoCertificate,
  showForgedCertificate,
  onMachine("read other processes' environment", readEnvironments),
  onMachine("list other processes' open files", readOpenFiles),
  onMachine("open other processes' memory", openMemory),
  onMachine('end other processes', signalOthers),
  readStateFolder,
  talkToControl,
  useAdminApi,
  askMetadata,
  callHome,
  sendDatagrams,
  talkToAbstract,
  openSockets,
  onMachine('make a network namespace and be root in it', makeNamespace),
];

let reached = false;
for (const attempt of TRIES) {
  const result = await attempt();
  reached ||= result.outcome === 'reached';
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
process.exitCode = reached ? 1 : 0;
