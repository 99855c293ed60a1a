// How a plane learns what to do: one JSON document on its standard input, where no other process can read it.

const BYTES_MAX = 16 * 1024 * 1024;

/** @throws when it is longer than 16 MiB or no JSON */
export async function readStart<T>(input: NodeJS.ReadableStream): Promise<T> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BYTES_MAX) throw new Error('the start document is too long');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as T;
}
