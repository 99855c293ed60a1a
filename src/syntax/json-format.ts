// Formats of JSON Schema draft-07 section 7.3. A format that is not known holds for everything.

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:z|[+-](\d{2}):?(\d{2})?)$/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** RFC 3339 section 5.6. */
function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (!match) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return month >= 1 && month <= 12 && day >= 1 && day <= days;
}

function isTime(text: string): boolean {
  const match = TIME.exec(text);
  if (!match) return false;
  const [hour, minute, second, zoneHour, zoneMinute] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  // A leap second is at 23:59:60.
  return hour <= 23 && minute <= 59 && (second <= 59 || (second === 60 && minute === 59)) && zoneHour <= 23 && zoneMinute <= 59;
}

function isDateTime(text: string): boolean {
  return /^.{10}[t ]/i.test(text) && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

function isHostname(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => LABEL.test(label));
}

function isIpv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text) && !/(?:^|\.)0\d/.test(text);
}

function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]+$/i.test(text) && text.includes(':') && URL.canParse(`http://[${text}]/`);
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  return (
    at > 0 && at <= 64 && isHostname(text.slice(at + 1)) && /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local)
  );
}

function isIdnEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  return (
    at > 0 &&
    at < text.length - 1 &&
    !/[\s<>()[\]\\,;:"]/.test(text.slice(0, at)) &&
    !/[\s@<>()[\]\\,;:"]/.test(text.slice(at + 1))
  );
}

/** What RFC 3986 (and for the wide form RFC 3987) lets stand in an address; escapes are two hex digits. */
function isAddress(text: string, wide: boolean): boolean {
  if (/[\s<>"\\^`{|}]/.test(text) || /%(?![0-9a-f]{2})/i.test(text) || text.indexOf('#') !== text.lastIndexOf('#')) return false;
  if (!wide && /[^\x21-\x7e]/.test(text)) return false;
  const authority = /^(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)/i.exec(text)?.[1];
  const beyond = authority === undefined ? text : text.slice(text.indexOf(authority) + authority.length);
  return !/[[\]]/.test(beyond);
}

function isReference(text: string, wide: boolean): boolean {
  if (!isAddress(text, wide)) return false;
  // Without a scheme the first segment has no colon (RFC 3986 section 4.2).
  const first = /^[^/?#]*/.exec(text)![0];
  return SCHEME.test(text) || !first.includes(':');
}

function isRegex(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== '';
  } catch {
    return false;
  }
}

const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date-time', isDateTime],
  ['date', isDate],
  ['time', isTime],
  ['email', isEmail],
  ['idn-email', isIdnEmail],
  ['hostname', isHostname],
  ['idn-hostname', (text: string) => text.length > 0 && text.length <= 253 && !/[\s/?#@:]/.test(text)],
  ['ipv4', isIpv4],
  ['ipv6', isIpv6],
  ['uri', (text: string) => SCHEME.test(text) && isAddress(text, false)],
  ['uri-reference', (text: string) => isReference(text, false)],
  ['iri', (text: string) => SCHEME.test(text) && isAddress(text, true)],
  ['iri-reference', (text: string) => isReference(text, true)],
  ['uuid', (text: string) => /^(?:urn:uuid:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)],
  ['json-pointer', (text: string) => /^(?:\/(?:[^~/]|~[01])*)*$/.test(text)],
  ['relative-json-pointer', (text: string) => /^(?:0|[1-9]\d*)(?:#|(?:\/(?:[^~/]|~[01])*)*)$/.test(text)],
  ['regex', isRegex],
]);

/** Whether a text is of a format. Long texts are of none that is known, so that no expression runs long. */
export function formatHolds(format: string, text: string): boolean {
  const holds = FORMATS.get(format);
  return !holds || (text.length <= 100_000 && holds(text));
}
