// SPDX-License-Identifier: BSD-3-Clause
//
// What applications do with iovalkey and valkey-glide, against the port named as argument.
import assert from "node:assert";
import Valkey from "iovalkey";
import { GlideClient, ProtocolVersion, Script } from "@valkey/valkey-glide";

const port = Number(process.argv[2]);
let passed = 0;
let failed = 0;

async function expect(name, body) {
  try {
    await body();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`${name}: ${error.message}`);
  }
}

const io = new Valkey({ port, maxRetriesPerRequest: 1 });
await io.flushall();
await expect("iovalkey: strings, lists, MULTI", async () => {
  assert.equal(await io.set("s", "v", "EX", 100), "OK");
  assert.equal(await io.get("s"), "v");
  assert.equal(await io.rpush("l", "a", "b"), 2);
  assert.deepEqual(await io.multi().incr("n").lrange("l", 0, -1).exec(), [[null, 1], [null, ["a", "b"]]]);
});
await expect("iovalkey: a blocking pop is woken", async () => {
  const other = io.duplicate();
  const popped = other.blpop("queue", 5);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await io.rpush("queue", "job");
  assert.deepEqual(await popped, ["queue", "job"]);
  other.disconnect();
});
io.disconnect();

for (const protocol of [ProtocolVersion.RESP2, ProtocolVersion.RESP3]) {
  const name = `valkey-glide, ${protocol === ProtocolVersion.RESP2 ? "RESP2" : "RESP3"}`;
  const client = await GlideClient.createClient({ addresses: [{ host: "127.0.0.1", port }], protocol });
  await expect(`${name}: strings and hashes`, async () => {
    assert.equal(await client.set("s", "v"), "OK");
    assert.equal(await client.get("s"), "v");
    await client.del(["h"]);
    assert.equal(await client.hset("h", { a: "1", b: "2" }), 2);
    assert.deepEqual((await client.hgetall("h")).map((each) => each.field).sort(), ["a", "b"]);
  });
  await expect(`${name}: scripts`, async () => {
    const script = new Script("return {KEYS[1], ARGV[1]}");
    assert.deepEqual(await client.invokeScript(script, { keys: ["k"], args: ["x"] }), ["k", "x"]);
  });
  await expect(`${name}: INFO and any command`, async () => {
    assert.match(await client.info(), /valkey_version:9\.1/);
    assert.equal(await client.customCommand(["ECHO", "hello"]), "hello");
  });
  client.close();
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
