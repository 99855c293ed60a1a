// The wire format of protocol buffers (protobuf.dev/programming-guides/encoding): enough to write and read messages by hand, field by field.

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
/** Bytes of the longest varint: 64 bits in groups of seven. */
const VARINT_BYTES_MAX = 10;

/**
 * Puts a message together. Fields that have their default value are left out, as proto3 does.
 * @example new MessageWriter().text(1, 'a').message(2, new MessageWriter().uint(1, 7)).finish();
 */
export class MessageWriter {
  readonly #parts: Buffer[] = [];
  #length = 0;

  /** A number from 0 to 2^53. */
  uint(field: number, value: number): this {
    if (value === 0) return this;
    return this.#put(varint(field * 8 + VARINT)).#put(varint(value));
  }

  text(field: number, value: string): this {
    return value === '' ? this : this.bytes(field, Buffer.from(value, 'utf8'));
  }

  bytes(field: number, value: Buffer): this {
    return this.#put(varint(field * 8 + BYTES))
      .#put(varint(value.length))
      .#put(value);
  }

  /** A message inside; one without fields is written too, since its presence says something. */
  message(field: number, inner: MessageWriter): this {
    return this.bytes(field, inner.finish());
  }

  /** One entry of a `map<string, string>`. */
  entry(field: number, key: string, value: string): this {
    return this.message(field, new MessageWriter().text(1, key).text(2, value));
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }

  #put(part: Buffer): this {
    this.#parts.push(part);
    this.#length += part.length;
    return this;
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left >= 0x80) {
    bytes.push((left % 0x80) | 0x80);
    left = Math.floor(left / 0x80);
  }
  bytes.push(left);
  return Buffer.from(bytes);
}

/** A message that is no message. */
export class MessageError extends Error {}

/** One field as it stands: a number for the integer kinds, bytes for the rest. */
export interface MessageField {
  readonly field: number;
  readonly number: number;
  readonly bytes: Buffer;
}

const NOTHING = Buffer.alloc(0);

/**
 * The fields of a message, in order; groups, which nothing uses any more, are refused.
 * @throws MessageError when the bytes break off or are none
 */
export function* readMessage(bytes: Buffer): Generator<MessageField> {
  let at = 0;
  const number = (): number => {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      if (at >= bytes.length) throw new MessageError('the message breaks off');
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new MessageError('a number is too long');
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw new MessageError('the message breaks off');
    const taken = bytes.subarray(at, at + length);
    at += length;
    return taken;
  };
  while (at < bytes.length) {
    const tag = number();
    const field = Math.floor(tag / 8);
    if (field === 0 || field > 0x1fff_ffff) throw new MessageError('a field has a wrong number');
    switch (tag % 8) {
      case VARINT:
        yield { field, number: number(), bytes: NOTHING };
        break;
      case BYTES:
        yield { field, number: 0, bytes: take(number()) };
        break;
      case FIXED32:
        yield { field, number: 0, bytes: take(4) };
        break;
      case FIXED64:
        yield { field, number: 0, bytes: take(8) };
        break;
      default:
        throw new MessageError('a field has a wrong kind');
    }
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** A `string` field. @throws MessageError when it is not UTF-8 */
export function textOf(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new MessageError('a text is not UTF-8');
  }
}
