// An iroh endpoint that speaks kith/echo/1 on loopback, with relays and discovery off, in the manner
// of kith-echo:
//
//   node iroh_echo.mjs listen             echoes streams until standard input ends
//   node iroh_echo.mjs lie                the same, with one bit of each stream flipped
//   node iroh_echo.mjs dial ID ADDR N     sends N bytes and checks what comes back
//   node iroh_echo.mjs connect ID ADDR N  does what kith-connect does (bench/connect)
//
// IROH_HOME names the directory that npm installed into. Standard output carries JSON objects.

import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.IROH_HOME, "package.json"));
const { Endpoint, EndpointAddr, EndpointId, RelayMode, SecretKey } = require("@number0/iroh");

const alpn = [...Buffer.from("kith/echo/1")];
const pieceBytes = 65536;

const say = (event, fields) => console.log(JSON.stringify({ event, ...fields }));
const hex = (id) => Buffer.from(id.toBytes()).toString("hex");

async function bind() {
  const builder = Endpoint.builder();
  builder.applyMinimal();
  builder.relayMode(RelayMode.disabled());
  builder.secretKey(SecretKey.generate().toBytes());
  builder.alpns([alpn]);
  builder.bindAddr("127.0.0.1:0");
  return builder.bind();
}

const loopback = (endpoint) => endpoint.boundSockets().find((at) => at.startsWith("127.0.0.1:"));

// Calls `take` with what comes, in order, and returns how much that was.
async function readAll(stream, take) {
  let total = 0;
  for (;;) {
    const piece = await stream.read(pieceBytes);
    if (piece === null || piece.length === 0) return total;
    await take(piece, total);
    total += piece.length;
  }
}

async function echo(connection, stream, lying) {
  const bytes = await readAll(stream.recv, (piece, offset) => {
    if (lying && offset === 0) piece[piece.length - 1] ^= 1;
    return stream.send.writeAll(piece);
  });
  await stream.send.finish();
  say("echoed", { bytes, peer: hex(connection.remoteId()) });
}

async function serve(incoming, lying) {
  const connection = await (await incoming.accept()).connect();
  say("accepted", { peer: hex(connection.remoteId()) });
  for (;;) echo(connection, await connection.acceptBi(), lying).catch(() => {});
}

async function listen(lying) {
  const endpoint = await bind();
  say("listening", { device_id: hex(endpoint.id()), addresses: [loopback(endpoint)] });
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
  for (;;) {
    const incoming = await endpoint.acceptNext();
    if (incoming === null) return;
    serve(incoming, lying).catch(() => {}); // ends when the peer closes the connection
  }
}

const addressOf = (id, at) => new EndpointAddr(EndpointId.fromBytes([...Buffer.from(id, "hex")]),
                                               null, [at]);

// Fibonacci hashing of the offset: a piece that is shifted or doubled does not pass.
function pattern(offset, length) {
  return Array.from({ length }, (_, i) => Math.imul(offset + i, 2654435761) >>> 24);
}

async function send(stream, count) {
  for (let sent = 0; sent < count; sent += pieceBytes) {
    await stream.writeAll(pattern(sent, Math.min(pieceBytes, count - sent)));
  }
  await stream.finish();
}

async function dial(id, at, count) {
  const endpoint = await bind();
  const connection = await endpoint.connect(addressOf(id, at), alpn);
  const stream = await connection.openBi();
  const sending = send(stream.send, count);
  const bytes = await readAll(stream.recv, (piece, offset) => {
    const wanted = pattern(offset, piece.length);
    if (!piece.every((byte, i) => byte === wanted[i])) throw new Error(`differs near ${offset}`);
  });
  await sending;
  if (bytes !== count) throw new Error(`${bytes} bytes came back`);
  say("echoed", { bytes, device_id: hex(endpoint.id()), peer: hex(connection.remoteId()) });
  connection.close(0n, []);
  await endpoint.close();
}

async function connectOnce(endpoint, to) {
  const begun = performance.now();
  const connection = await endpoint.connect(to, alpn);
  const connected = performance.now();
  const stream = await connection.openBi();
  await stream.send.writeAll([1]);
  await stream.recv.read(1);
  const seconds = (until) => (until - begun) / 1000;
  const times = { connect_seconds: seconds(connected),
                  first_byte_seconds: seconds(performance.now()) };
  connection.close(0n, []);
  return times;
}

async function connect(id, at, count) {
  const endpoint = await bind();
  const to = addressOf(id, at);
  for (let i = 0; i < 20; ++i) await connectOnce(endpoint, to);
  say("ready");
  await once(process.stdin, "data");
  for (let i = 0; i < count; ++i) say("connected", await connectOnce(endpoint, to));
  say("done");
  await once(process.stdin, "data");
}

const [command, id, at, count] = process.argv.slice(2);
if (command === "listen" || command === "lie") await listen(command === "lie");
if (command === "dial") await dial(id, at, Number(count));
if (command === "connect") await connect(id, at, Number(count));
process.exit(0);
