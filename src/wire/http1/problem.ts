// The answers that the codec gives itself: problem details (RFC 9457) that say no more than the status does.
import { STATUS_CODES } from 'node:http';

/** The body of a refusal: no more than the status says. @param instance as problemAnswer */
export function problemBody(status: number, instance: string | undefined): string {
  const title = STATUS_CODES[status] ?? 'Error';
  return JSON.stringify({ type: 'about:blank', title, status, ...(instance !== undefined && { instance }) });
}

/**
 * A whole answer with `connection: close`.
 * @param instance opaque reference of the event that has the reason
 */
export function problemAnswer(status: number, instance: string | undefined, dateText: string): string {
  const title = STATUS_CODES[status] ?? 'Error';
  const body = problemBody(status, instance);
  return (
    `HTTP/1.1 ${status} ${title}\r\ndate: ${dateText}\r\ncontent-type: application/problem+json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  );
}
