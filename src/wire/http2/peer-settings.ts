// The peer's SETTINGS (RFC 9113 section 6.5.2).
import {
  ENABLE_CONNECT_PROTOCOL,
  ENABLE_PUSH,
  FLOW_CONTROL_ERROR,
  FRAME_BYTES_LIMIT,
  FRAME_BYTES_MAX,
  HEADER_TABLE_SIZE,
  INITIAL_WINDOW_SIZE,
  MAX_CONCURRENT_STREAMS,
  MAX_FRAME_SIZE,
  NO_ERROR,
  PROTOCOL_ERROR,
  TABLE_BYTES_DEFAULT,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from './constants.ts';

export class PeerSettings {
  tableBytes = TABLE_BYTES_DEFAULT;
  initialWindow = WINDOW_DEFAULT;
  /** Streams that we may have open; a number that RFC 9113 section 6.5.2 recommends, until the peer says its own. */
  streamsMax = 100;
  connectProtocol = false;
  readonly #ofServer: boolean;

  /** @param ofServer the peer is a server */
  constructor(ofServer: boolean) {
    this.#ofServer = ofServer;
  }

  /** Takes a SETTINGS payload, six bytes a setting. @returns the error code, NO_ERROR when all of it may be */
  read(bytes: Buffer, from: number, to: number): number {
    for (let at = from; at < to; at += 6) {
      const error = this.#set(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
      if (error !== NO_ERROR) return error;
    }
    return NO_ERROR;
  }

  #set(id: number, value: number): number {
    switch (id) {
      case HEADER_TABLE_SIZE:
        this.tableBytes = value;
        return NO_ERROR;
      case ENABLE_PUSH:
        return value > (this.#ofServer ? 0 : 1) ? PROTOCOL_ERROR : NO_ERROR;
      case MAX_CONCURRENT_STREAMS:
        this.streamsMax = value;
        return NO_ERROR;
      case INITIAL_WINDOW_SIZE:
        if (value > WINDOW_MAX) return FLOW_CONTROL_ERROR;
        this.initialWindow = value;
        return NO_ERROR;
      case MAX_FRAME_SIZE:
        // We never send larger frames than every peer takes.
        return value < FRAME_BYTES_MAX || value > FRAME_BYTES_LIMIT ? PROTOCOL_ERROR : NO_ERROR;
      case ENABLE_CONNECT_PROTOCOL:
        // RFC 8441 section 3: never taken back.
        if (value > 1 || (value === 0 && this.connectProtocol)) return PROTOCOL_ERROR;
        this.connectProtocol = value === 1;
        return NO_ERROR;
      default:
        return NO_ERROR;
    }
  }
}
