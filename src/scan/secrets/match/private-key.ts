// Private keys in text: PEM blocks (RFC 7468), OpenPGP armour (RFC 9580 section 6), PuTTY files; also inside strings with `\n` for line ends.
import type { Match, Matcher } from '../rule.ts';

const BEGIN = /-----BEGIN ((?:[A-Z0-9]{1,20} ){0,4})PRIVATE KEY( BLOCK)?-----/y;
const BODY_MAX = 24 * 1024;
const BODY_MIN = 40;

/** A block with a body; one that is encrypted is a match too, since its password is what then protects it. */
export const pemKey: Matcher = ({ text }, at) => {
  BEGIN.lastIndex = at;
  if (!BEGIN.test(text)) return undefined;
  const bodyStart = BEGIN.lastIndex;
  const within = text.slice(bodyStart, bodyStart + BODY_MAX).indexOf('-----END');
  const marker = within === -1 ? -1 : bodyStart + within;
  const close = marker === -1 ? Math.min(text.length, bodyStart + 4096) : marker;
  const letters = keyLetters(text, bodyStart, close);
  if (letters < BODY_MIN) return undefined;
  const lineEnd = text.slice(close + 8, close + 100).indexOf('-----');
  const end = marker === close && lineEnd !== -1 ? close + 8 + lineEnd + 5 : close;
  return { start: at, end, secretStart: bodyStart, secretEnd: close } satisfies Match;
};

/** Base64 characters of what looks like key material; 0 for prose or masks. */
function keyLetters(text: string, from: number, to: number): number {
  let count = 0;
  const seen = new Set<number>();
  const limit = Math.min(to, from + 1500);
  for (let i = from; i < limit && count < 400; i++) {
    const code = text.charCodeAt(i);
    // Brackets and `$`, `;`, `<` are of code or a template around two markers, not of a key.
    if (code === 0x28 || code === 0x5b || code === 0x7b || code === 0x24 || code === 0x3b || code === 0x3c) return 0;
    if (code === 0x5c) {
      i++;
      continue;
    }
    const base64 =
      (code >= 0x30 && code <= 0x39) ||
      ((code | 32) >= 0x61 && (code | 32) <= 0x7a) ||
      code === 0x2b ||
      code === 0x2f ||
      code === 0x3d;
    if (base64) {
      count++;
      seen.add(code);
    }
  }
  return seen.size >= 12 ? count : 0;
}

const PUTTY = /PuTTY-User-Key-File-[123]: [\w-]{1,40}\r?\nEncryption: none\r?\n/y;

/** A PuTTY key file without a passphrase. */
export const puttyKey: Matcher = ({ text }, at) => {
  PUTTY.lastIndex = at;
  if (!PUTTY.test(text)) return undefined;
  const within = text.slice(PUTTY.lastIndex, at + 8192).indexOf('Private-Lines:');
  if (within === -1) return undefined;
  const lines = PUTTY.lastIndex + within;
  const end = Math.min(text.length, lines + 64);
  return { start: at, end, secretStart: lines, secretEnd: end };
};

const JWK_MEMBER = /"d"\s{0,4}:\s{0,4}"([\w-]{20,1400})"/y;
const JWK_REACH = 4096;

/** The private member of a JSON Web Key (RFC 7518 section 6): `d` beside a `kty` that has one. */
export const jwkKey: Matcher = ({ text }, at) => {
  JWK_MEMBER.lastIndex = at;
  const found = JWK_MEMBER.exec(text);
  if (!found) return undefined;
  const around = text.slice(Math.max(0, at - JWK_REACH), at + JWK_REACH);
  if (!/"kty"\s{0,4}:\s{0,4}"(?:RSA|EC|OKP)"/.test(around)) return undefined;
  const secretEnd = JWK_MEMBER.lastIndex - 1;
  return { start: at, end: secretEnd + 1, secretStart: secretEnd - found[1]!.length, secretEnd };
};
