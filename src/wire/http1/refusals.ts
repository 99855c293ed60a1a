// Every way in which a message is refused: one row a rule, with the status that answers it. Texts go to the journal, the caller sees the status only.

interface Refusal {
  readonly status: number;
  readonly text: string;
}

export const REFUSALS = {
  'request-line': { status: 400, text: 'the request line is not `method target HTTP/1.1`' },
  method: { status: 400, text: 'the method is not a word of upper-case letters' },
  'method-connect': { status: 501, text: 'CONNECT is not offered' },
  'trace-body': { status: 400, text: 'TRACE carries a body' },
  target: { status: 400, text: 'the request target has a forbidden byte or form' },
  'target-long': { status: 414, text: 'the request target is longer than the limit' },
  version: { status: 400, text: 'the HTTP version is malformed' },
  'version-unsupported': { status: 505, text: 'the HTTP version is neither 1.0 nor 1.1' },
  'status-line': { status: 502, text: 'the status line is not `HTTP/1.1 code reason`' },
  'field-name': { status: 400, text: 'a header name is empty, folded, or has a forbidden byte' },
  'field-value': { status: 400, text: 'a header value has a control byte or a bare CR or LF' },
  'fields-large': { status: 431, text: 'the headers are larger than the limit' },
  'fields-many': { status: 431, text: 'there are more headers than the limit' },
  'host-missing': { status: 400, text: 'there is no Host header' },
  'host-many': { status: 400, text: 'there is more than one Host header' },
  host: { status: 400, text: 'the Host header is not `host` or `host:port`' },
  'host-mismatch': { status: 400, text: 'the Host header differs from the authority of the target' },
  'content-length': { status: 400, text: 'Content-Length is not one plain decimal number' },
  'content-length-many': { status: 400, text: 'there is more than one Content-Length' },
  'transfer-encoding': { status: 400, text: 'Transfer-Encoding is not exactly `chunked`' },
  'transfer-encoding-unknown': { status: 501, text: 'the transfer coding is not known' },
  'transfer-encoding-old': { status: 400, text: 'Transfer-Encoding in an HTTP/1.0 message' },
  'length-conflict': { status: 400, text: 'Content-Length together with Transfer-Encoding' },
  'body-large': { status: 413, text: 'the body is larger than the limit' },
  'chunk-size': { status: 400, text: 'a chunk size is not a plain hexadecimal number' },
  'chunk-extension': { status: 400, text: 'a chunk extension is malformed or too long' },
  'chunk-end': { status: 400, text: 'a chunk does not end with CRLF where its size says' },
  trailer: { status: 400, text: 'a trailer line is malformed or the trailers are too large' },
  expect: { status: 417, text: 'Expect is not `100-continue`' },
  truncated: { status: 400, text: 'the connection ended inside a message' },
  'header-timeout': { status: 408, text: 'the headers did not arrive in time' },
  'body-timeout': { status: 408, text: 'the body did not arrive in time' },
  'interim-flood': { status: 502, text: 'too many 1xx answers' },
  'upgrade-unasked': { status: 502, text: 'a 101 answer that was not asked for' },
  'data-unasked': { status: 502, text: 'bytes of an answer to no request' },
  'pseudo-header': { status: 400, text: 'a pseudo-header is missing, unknown, repeated or out of place' },
  scheme: { status: 400, text: 'the scheme is neither http nor https' },
  'connection-header': { status: 400, text: 'a header that belongs to an HTTP/1 connection' },
  te: { status: 400, text: 'TE is not `trailers`' },
  'data-length': { status: 400, text: 'the body is not as long as Content-Length says' },
  'protocol-unknown': { status: 501, text: 'the protocol of an extended CONNECT is not offered' },
  'websocket-version': { status: 400, text: 'the WebSocket version is not 13' },
  frame: { status: 400, text: 'a frame breaks the rules of HTTP/2' },
  compression: { status: 400, text: 'a header block cannot be decoded' },
  'flow-control': { status: 400, text: 'more bytes came than the flow-control window allows' },
  flood: { status: 429, text: 'the connection makes more work than it does' },
  'window-stalled': { status: 408, text: 'the answer was not taken in time' },
} as const satisfies Readonly<Record<string, Refusal>>;

/** Name of the framing rule that a message broke. */
export type RefusalKind = keyof typeof REFUSALS;
