// A node of bittorrent-dht on 127.0.0.1 with the commands of dht_peer.cc, and two of pkarr's:
//
//   publish-pkarr SEED SEQ TXT...    TXT is LABEL=HEX; stored through bittorrent-dht
//   resolve-pkarr KEY                {"event":"resolved","seq","answers":[{name, type, data}]}
//
// DHT_HOME names the directory that npm installed into. Standard output carries JSON objects.

import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.env.DHT_HOME, "package.json"));
// Packages of modules only, which require() does not find.
const load = (path) => import(pathToFileURL(join(process.env.DHT_HOME, "node_modules", path)));
const { Client: DHT } = await load("bittorrent-dht/index.js");
const { SignedPacket, dns, generateKeyPair, z32 } = await load("pkarr/index.js");
const sodium = require("sodium-universal");

const longestLifeMs = 300_000;

const say = (event, fields) => console.log(JSON.stringify({ event, ...fields }));
const octets = (word) => Buffer.from(word === "-" ? "" : word, "hex");
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const sha1 = (bytes) => createHash("sha1").update(bytes).digest();

const [, ...bootstrap] = process.argv.slice(2);
const dht = new DHT({
  bootstrap: bootstrap.length ? bootstrap : false,
  verify: (signature, message, key) =>
    sodium.crypto_sign_verify_detached(signature, message, key),
});

function put(item) {
  return new Promise((resolve) => {
    dht.put(item, (error, target, stored) =>
      resolve({
        target: target && hex(target),
        stored: stored ?? 0,
        refused: error ? { [error.code ?? error.message]: 1 } : {},
      }));
  });
}

function get(target, salt) {
  return new Promise((resolve, reject) => {
    const options = { cache: false, salt: salt?.length ? salt : undefined };
    dht.get(target, options, (error, item) => (error ? reject(error) : resolve(item)));
  });
}

const mutableTarget = (key, salt) => sha1(Buffer.concat([octets(key), octets(salt)]));
const got = (item) => say("got", { value: item ? hex(item.v) : null, seq: item?.seq ?? null });

const commands = {
  "put-immutable": async (value) => {
    const done = await put({ v: octets(value) });
    dht._values.remove(done.target); // its own copy: others have to get theirs elsewhere
    say("put", done);
  },
  "put-mutable": async (seed, salt, seq, value, cas) => {
    const { publicKey, secretKey } = generateKeyPair(octets(seed));
    const sign = (message) => {
      const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
      sodium.crypto_sign_detached(signature, message, secretKey);
      return signature;
    };
    const item = { k: publicKey, seq: Number(seq), v: octets(value), sign };
    if (salt !== "-") item.salt = octets(salt);
    if (cas !== undefined) item.cas = Number(cas);
    say("put", await put(item));
  },
  "get-immutable": async (target) => got(await get(octets(target))),
  "get-mutable": async (key, salt) => got(await get(mutableTarget(key, salt), octets(salt))),
  "publish-pkarr": async (seed, seq, ...records) => {
    const answers = records.map((record) => {
      const [name, text] = record.split("=");
      return { name, type: "TXT", class: "IN", ttl: 30, data: [octets(text)] };
    });
    answers.push({ name: "www", type: "A", class: "IN", ttl: 30, data: "192.0.2.80" });
    const packet = { id: 0, type: "response", flags: dns.AUTHORITATIVE_ANSWER, answers };
    const pair = generateKeyPair(octets(seed));
    const signed = SignedPacket.fromPacket(pair, packet, { timestamp: Number(seq) });
    say("put", await put(signed.bep44Args()));
  },
  "resolve-pkarr": async (key) => {
    const item = await get(mutableTarget(key, "-"));
    const signed = SignedPacket.fromBep44Args({ ...item, k: octets(key) });
    const zone = "." + z32.encode(octets(key));
    const answers = signed.packet().answers.map(({ name, type, ttl, data }) => ({
      name: name.endsWith(zone) ? name.slice(0, -zone.length) : name + " (of another)",
      type,
      ttl,
      data: Array.isArray(data) ? data.map(hex) : data,
    }));
    say("resolved", { seq: signed.timestamp(), size: signed.size(), answers });
  },
};

setTimeout(() => process.exit(2), longestLifeMs).unref();
await new Promise((resolve) => dht.listen(0, "127.0.0.1", resolve));
say("listening", { address: `127.0.0.1:${dht.address().port}` });
if (!dht.ready) await new Promise((resolve) => dht.once("ready", resolve));
say("ready", { nodes: dht.nodes.count() });
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...words] = line.split(" ");
  await commands[name](...words);
}
dht.destroy();
