// CheckRequest and CheckResponse of Envoy's external authorization (envoyproxy/envoy, api/envoy/service/auth/v3, api/envoy/config/core/v3/base.proto
// and address.proto; google/rpc/status.proto). Field numbers are those of the protocol files.
import { isFieldValue, isToken } from '#wire/http1/chars.ts';
import { MessageError, MessageWriter, readMessage, textOf } from '#wire/grpc/protobuf.ts';
import { type AuthzConnection, type AuthzRequest, type HeaderEdit, type Verdict, mayBeTaken } from './authorizer.ts';

const EDITS_MAX = 200;
const NOTHING = Buffer.alloc(0);
const DENIED = Buffer.from('RBAC: access denied');

/** A CheckRequest about a connection, and about the request on it where there is one. */
export function writeCheckRequest(connection: AuthzConnection, request: AuthzRequest | undefined): Buffer {
  const { sourceIp, sourcePort, sourceIdentity = '', destinationIp, destinationPort, service, runtime } = connection;
  const attributes = new MessageWriter()
    .message(1, peer(sourceIp, sourcePort, sourceIdentity))
    // The name of this side belongs to a connection with TLS only, as in Envoy, which reads both off the certificates.
    .message(2, peer(destinationIp, destinationPort, sourceIdentity === '' ? '' : service.identity));
  const nowMs = runtime.clock.nowMs();
  const time = new MessageWriter().uint(1, Math.floor(nowMs / 1000)).uint(2, Math.floor((nowMs % 1000) * 1e6));
  const asked = new MessageWriter().message(1, time);
  if (request) asked.message(2, http(request));
  attributes.message(4, asked);
  return new MessageWriter().message(1, attributes).finish();
}

function peer(ip: string, port: number, principal: string): MessageWriter {
  const socketAddress = new MessageWriter().text(2, ip).uint(3, port);
  return new MessageWriter().message(1, new MessageWriter().message(1, socketAddress)).text(4, principal);
}

function http(x: AuthzRequest): MessageWriter {
  const { request, headers, method, target, host } = x;
  const scheme = request.connection.tls === undefined ? 'http' : 'https';
  const writer = new MessageWriter().text(1, x.requestId).text(2, method);
  const names = new Set<string>();
  const pseudo = { ':authority': host, ':method': method, ':path': target, ':scheme': scheme };
  for (const [name, value] of Object.entries(pseudo)) writer.entry(3, name, value);
  for (let i = 0; i < headers.length; i++) {
    const name = headers.name(i);
    if (name === 'host' || names.has(name)) continue;
    names.add(name);
    // A map has one value a key; values travel as latin1 text here and must be UTF-8 there.
    writer.entry(3, name, headers.get(name) ?? '');
  }
  return writer
    .text(4, target)
    .text(5, host)
    .text(6, scheme)
    .uint(9, Math.max(0, request.body.length))
    .text(10, request.version === '2' ? 'HTTP/2' : `HTTP/${request.version}`);
}

/** @throws MessageError when the bytes are no CheckResponse */
export function readCheckResponse(bytes: Buffer): Verdict {
  let code = 0;
  let denied: Buffer | undefined;
  let ok: Buffer | undefined;
  for (const { field, bytes: value } of readMessage(bytes)) {
    if (field === 1) {
      code = 0;
      for (const status of readMessage(value)) if (status.field === 1) code = status.number;
    } else if (field === 2) denied = value;
    else if (field === 3) ok = value;
  }
  // The status decides (CheckResponse.status); what else is there only says how.
  if (code !== 0) return readDenied(denied);
  return readOk(ok ?? NOTHING);
}

function readDenied(bytes: Buffer | undefined): Verdict {
  if (bytes === undefined) return { kind: 'deny', status: 403, headers: ['content-type', 'text/plain'], body: DENIED };
  let status = 403;
  let body: Buffer = NOTHING;
  const headers: string[] = [];
  for (const { field, bytes: value } of readMessage(bytes)) {
    if (field === 1) for (const inner of readMessage(value)) if (inner.field === 1) status = inner.number;
    if (field === 2) for (const { name, value: text } of readOption(value, 'set')) headers.push(name, text);
    if (field === 3) body = value;
    if (headers.length > 2 * EDITS_MAX) throw new MessageError('it has too many headers');
  }
  if (status < 200 || status > 599) status = 403;
  if (body.length > 0 && !headers.includes('content-type')) headers.push('content-type', 'text/plain');
  return { kind: 'deny', status, headers, body };
}

function readOk(bytes: Buffer): Verdict {
  const upstream: HeaderEdit[] = [];
  const downstream: HeaderEdit[] = [];
  const setParams: (readonly [string, string])[] = [];
  const removeParams: string[] = [];
  for (const { field, bytes: value } of readMessage(bytes)) {
    if (field === 2) upstream.push(...readOption(value, 'set'));
    else if (field === 5) {
      const name = textOf(value).toLowerCase();
      if (mayBeTaken(name)) upstream.push({ op: 'remove', name, value: '' });
    } else if (field === 6) downstream.push(...readOption(value, 'add'));
    else if (field === 7) setParams.push(readPair(value));
    else if (field === 8) removeParams.push(textOf(value));
    if (upstream.length + downstream.length + setParams.length + removeParams.length > EDITS_MAX)
      throw new MessageError('it changes too much');
  }
  return {
    kind: 'allow',
    upstream,
    downstream,
    ...(setParams.length > 0 && { setParams }),
    ...(removeParams.length > 0 && { removeParams }),
  };
}

/** HeaderAppendAction (base.proto), by number. */
const ACTIONS: readonly HeaderEdit['op'][] = ['add', 'default', 'set', 'replace'];

/**
 * A HeaderValueOption as one change, or none when the header is not the authorizer's to change.
 * @param usual what is done when the option says nothing: Envoy sets what goes on and adds to what goes back
 */
function readOption(bytes: Buffer, usual: 'set' | 'add'): HeaderEdit[] {
  let op: HeaderEdit['op'] = usual;
  let name = '';
  let value = '';
  for (const { field, number, bytes: inner } of readMessage(bytes)) {
    if (field === 1) [name, value] = readHeaderValue(inner);
    else if (field === 2) {
      let append = 0;
      for (const flag of readMessage(inner)) if (flag.field === 1) append = flag.number;
      op = append === 0 ? 'set' : usual === 'set' ? 'append' : 'add';
    } else if (field === 3 && number > 0) op = ACTIONS[number] ?? usual;
  }
  if (!isToken(name) || !isFieldValue(value)) throw new MessageError('a header cannot be written');
  return mayBeTaken(name) ? [{ op, name, value }] : [];
}

function readHeaderValue(bytes: Buffer): [string, string] {
  let name = '';
  let value = '';
  for (const { field, bytes: inner } of readMessage(bytes)) {
    if (field === 1) name = textOf(inner).toLowerCase();
    // `value` and `raw_value` exclude each other; both are bytes on the wire.
    else if ((field === 2 || field === 3) && inner.length > 0) value = inner.toString('latin1');
  }
  return [name, value];
}

/** A QueryParameter. */
function readPair(bytes: Buffer): readonly [string, string] {
  let key = '';
  let value = '';
  for (const { field, bytes: inner } of readMessage(bytes)) {
    if (field === 1) key = textOf(inner);
    else if (field === 2) value = textOf(inner);
  }
  return [key, value];
}
