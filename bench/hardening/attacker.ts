// One attacker: `attacker.ts KIND PORT MS` floods a gateway and prints what became of its connections. It yields the processor to everybody else, as one
// on another machine would.
import { connect } from 'node:net';
import { setPriority } from 'node:os';
import { FLOODS } from './kinds.ts';

const [name = '', port = '', ms = ''] = process.argv.slice(2);
const kind = FLOODS[name];
if (!kind) throw new Error(`no flood \`${name}\``);
setPriority(19);

const CALM = 11;
const result = { connections: 0, ended: 0, calm: 0, bytes: 0 };
let over = false;

function open(): void {
  if (over) return;
  result.connections++;
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  let i = 0;
  let tail = Buffer.alloc(0);
  socket.on('error', () => {});
  if (kind!.deaf !== true)
    socket.on('data', (chunk: Buffer) => {
      // GOAWAY is the last frame of a connection that is ended for a flood.
      tail = Buffer.concat([tail, chunk]).subarray(-64);
    });
  const more = (): void => {
    if (over || !socket.writable) return;
    const bytes = kind!.next(i++);
    if (bytes === undefined) return;
    result.bytes += bytes.length;
    const room = socket.write(bytes);
    if (kind!.everyMs !== undefined) setTimeout(more, kind!.everyMs);
    else if (room) setImmediate(more);
    else socket.once('drain', more);
  };
  socket.on('connect', () => {
    socket.write(kind!.first);
    more();
  });
  socket.on('close', () => {
    if (over) return;
    result.ended++;
    if (tail.length >= 17 && tail.readUInt32BE(tail.length - 4) === CALM && tail[tail.length - 14] === 7) result.calm++;
    // Connections cost the attacker too: one in a while.
    setTimeout(open, 10);
  });
}

for (let n = 0; n < (kind.connections ?? 4); n++) open();
setTimeout(() => {
  over = true;
  console.log(JSON.stringify(result));
  process.exit(0);
}, Number(ms));
