// SPDX-License-Identifier: BSD-3-Clause
//
// What applications do with ioredis and node-redis, against the port named as argument.
import assert from "node:assert";
import Redis from "ioredis";
import { createClient } from "redis";

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

const io = new Redis({ port, maxRetriesPerRequest: 1 });
await io.flushall();
await expect("ioredis: strings", async () => {
  assert.equal(await io.set("s", "v"), "OK");
  assert.equal(await io.get("s"), "v");
  assert.equal(await io.incr("n"), 1);
});
await expect("ioredis: automatic pipelining", async () => {
  const sets = [];
  for (let i = 0; i < 500; i += 1) sets.push(io.set(`k:${i}`, i));
  assert.deepEqual(new Set(await Promise.all(sets)), new Set(["OK"]));
  assert.equal((await io.mget("k:1", "k:499")).join(), "1,499");
});
await expect("ioredis: MULTI", async () => {
  assert.deepEqual(await io.multi().set("m", 1).incr("m").exec(), [[null, "OK"], [null, 2]]);
});
await expect("ioredis: a script as a command", async () => {
  io.defineCommand("twice", { numberOfKeys: 1, lua: "return redis.call('INCRBY', KEYS[1], 2)" });
  assert.equal(await io.twice("counter"), 2);
});
await expect("ioredis: subscribe", async () => {
  const feed = new Redis({ port });
  await feed.subscribe("news");
  const message = new Promise((resolve) => feed.once("message", (channel, text) => resolve(text)));
  await io.publish("news", "hello");
  assert.equal(await message, "hello");
  feed.disconnect();
});
await expect("ioredis: hashes and streams", async () => {
  await io.hset("h", { a: "1", b: "2" });
  assert.deepEqual(await io.hgetall("h"), { a: "1", b: "2" });
  const id = await io.xadd("x", "*", "f", "v");
  assert.deepEqual(await io.xrange("x", "-", "+"), [[id, ["f", "v"]]]);
});
io.disconnect();

for (const RESP of [2, 3]) {
  const client = createClient({ socket: { port }, RESP });
  client.on("error", () => {});
  await expect(`node-redis: RESP${RESP}`, async () => {
    await client.connect();
    assert.equal(await client.set("s", "v", { EX: 100 }), "OK");
    assert.equal(await client.get("s"), "v");
    await client.hSet("map", { f: "1" });
    assert.equal((await client.hGetAll("map")).f, "1");
    await client.zAdd("z", [{ score: 1.5, value: "m" }]);
    assert.deepEqual(await client.zRangeWithScores("z", 0, -1), [{ value: "m", score: 1.5 }]);
    assert.deepEqual(await client.multi().set("a", "1").get("a").exec(), ["OK", "1"]);
  });
  client.destroy();
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
