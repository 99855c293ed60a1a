// Names inside certificates (RFC 5280 sections 4.2.1.6 and 4.2.1.10): subject alternative names, and the constraints a CA puts on them.
import { context, DerError, DerReader, readWhole, TAG } from './der.ts';

export interface AltNames {
  /** Bytes as latin1, NUL and all: whoever compares them sees what stands in the certificate. */
  readonly uris: readonly string[];
  readonly dns: readonly string[];
  readonly ips: number;
  readonly emails: readonly string[];
  /** Directory names, registered ids and other forms that nothing here reads. */
  readonly others: number;
}

export interface NameConstraints {
  readonly permittedUris: readonly string[] | undefined;
  readonly excludedUris: readonly string[];
  readonly permittedDns: readonly string[] | undefined;
  readonly excludedDns: readonly string[];
  /** Directory names are constrained, which nothing here can judge. */
  readonly directories: boolean;
  /** So are addresses, mail or rarer forms. */
  readonly others: boolean;
}

const DIRECTORY = context(4);
const EMAIL = context(1, false);
const DNS = context(2, false);
const URI = context(6, false);
const IP = context(7, false);

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** @param value content of the extension's OCTET STRING */
export function readAltNames(value: Uint8Array): AltNames {
  const reader = readWhole(value, TAG.sequence);
  const uris: string[] = [];
  const dns: string[] = [];
  const emails: string[] = [];
  let ips = 0;
  let others = 0;
  for (let count = 0; !reader.done; count++) {
    if (count >= 64) throw new DerError('too many alternative names');
    const name = reader.next();
    if (name.tag === URI) uris.push(latin1(name.content));
    else if (name.tag === DNS) dns.push(latin1(name.content));
    else if (name.tag === EMAIL) emails.push(latin1(name.content));
    else if (name.tag === IP) ips++;
    else others++;
  }
  return { uris, dns, ips, emails, others };
}

interface Trees {
  readonly uris: string[];
  readonly dns: string[];
  directories: boolean;
  others: boolean;
}

function readTrees(reader: DerReader): Trees {
  const trees: Trees = { uris: [], dns: [], directories: false, others: false };
  for (let count = 0; !reader.done; count++) {
    if (count >= 64) throw new DerError('too many name constraints');
    const tree = reader.enter(TAG.sequence);
    const base = tree.next();
    // RFC 5280 section 4.2.1.10: minimum and maximum are not used.
    tree.end();
    if (base.tag === URI) trees.uris.push(latin1(base.content).toLowerCase());
    else if (base.tag === DNS) trees.dns.push(latin1(base.content).toLowerCase());
    else if (base.tag === DIRECTORY) trees.directories = true;
    else trees.others = true;
  }
  return trees;
}

/** @param value content of the extension's OCTET STRING */
export function readNameConstraints(value: Uint8Array): NameConstraints {
  const reader = readWhole(value, TAG.sequence);
  const permitted = reader.optional(context(0));
  const excluded = reader.optional(context(1));
  reader.end();
  const allow = permitted && readTrees(new DerReader(permitted.content));
  const deny = excluded && readTrees(new DerReader(excluded.content));
  return {
    permittedUris: allow && allow.uris.length > 0 ? allow.uris : undefined,
    excludedUris: deny?.uris ?? [],
    permittedDns: allow && allow.dns.length > 0 ? allow.dns : undefined,
    excludedDns: deny?.dns ?? [],
    directories: (allow?.directories ?? false) || (deny?.directories ?? false),
    others: (allow?.others ?? false) || (deny?.others ?? false),
  };
}

/** A URI constraint speaks of the host: exact, or with a leading dot any name below. */
function hostMatches(host: string, constraint: string): boolean {
  return constraint === '' || (constraint.startsWith('.') ? host.endsWith(constraint) : host === constraint);
}

/** A DNS constraint takes in the name itself and all names below. */
function dnsMatches(name: string, constraint: string): boolean {
  return constraint === '' || name === constraint || name.endsWith(constraint.startsWith('.') ? constraint : `.${constraint}`);
}

/**
 * Whether names stay inside a CA's constraints. Names of a form that is constrained in a way nobody here can judge do not.
 * @param hasSubject whether the certificate also carries a directory name @param uriHost gives the host of a URI (a SPIFFE ID's trust domain), or undefined when it has none
 */
export function namesPermitted(
  names: AltNames,
  hasSubject: boolean,
  constraints: NameConstraints,
  uriHost: (uri: string) => string | undefined,
): boolean {
  if (constraints.directories && hasSubject) return false;
  for (const uri of names.uris) {
    const host = uriHost(uri);
    if (host === undefined && (constraints.permittedUris || constraints.excludedUris.length > 0)) return false;
    if (constraints.permittedUris && !constraints.permittedUris.some((one) => hostMatches(host!, one))) return false;
    if (constraints.excludedUris.some((one) => hostMatches(host!, one))) return false;
  }
  for (const dns of names.dns) {
    const lower = dns.toLowerCase();
    if (constraints.permittedDns && !constraints.permittedDns.some((one) => dnsMatches(lower, one))) return false;
    if (constraints.excludedDns.some((one) => dnsMatches(lower, one))) return false;
  }
  return !(constraints.others && (names.ips > 0 || names.emails.length > 0 || names.others > 0));
}
