// PEM (RFC 7468), read strictly: only whole blocks of well-formed base64 count.

export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----\r?\n([A-Za-z0-9+/=\r\n]*?)-----END ([A-Z0-9 ]{1,64})-----/g;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The blocks of a text in order; text between them is passed over, a block with a broken body or mismatched label is left out. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const [, label, body, endLabel] of text.matchAll(BLOCK)) {
    const base64 = body!.replaceAll(/[\r\n]/g, '');
    if (label === endLabel && base64 !== '' && BASE64.test(base64))
      blocks.push({ label: label!, bytes: Buffer.from(base64, 'base64') });
  }
  return blocks;
}

/** The DER of every certificate in a PEM text. */
export function certificatesOf(text: string): Uint8Array[] {
  return pemBlocks(text)
    .filter((block) => block.label === 'CERTIFICATE')
    .map((block) => block.bytes);
}

/** One block, lines of 64 characters, a line feed at the end. */
export function toPem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
