// SPDX-License-Identifier: BSD-3-Clause
//
// A job queue on Lua scripts, against the port named as argument: BullMQ with many jobs, delays,
// repetition, retries, a rate limit, parents with children, and several workers.
//
// JOBS in the environment is the number of plain jobs, 2000 by default. BullMQ's fixed demands on
// its server (a version, no eviction) hold for Valkey and for us.
import assert from "node:assert";
import { FlowProducer, Queue, QueueEvents, Worker } from "bullmq";

const connection = { port: Number(process.argv[2]), maxRetriesPerRequest: null };
const jobs = Number(process.env.JOBS ?? 2000);
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

async function until(condition, milliseconds = 30000) {
  const end = Date.now() + milliseconds;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error("not in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// A queue with workers, taken away again whatever happens.
async function withQueue(name, process, body, { workers = 1, ...options } = {}) {
  const queue = new Queue(name, { connection });
  const errors = [];
  const crew = Array.from({ length: workers }, () => {
    const worker = new Worker(name, process, { connection, concurrency: 10, ...options });
    worker.on("error", (error) => errors.push(error));
    return worker;
  });
  try {
    await body(queue);
  } finally {
    await Promise.all(crew.map((worker) => worker.close()));
    await queue.obliterate({ force: true });
    await queue.close();
  }
  assert.deepEqual(errors, []);
}

await expect(`${jobs} jobs, 5 workers`, async () => {
  const seen = new Set();
  const body = async (queue) => {
    for (let at = 0; at < jobs; at += 500) {
      const bulk = Array.from({ length: Math.min(500, jobs - at) }, (_, i) => ({
        name: "job",
        data: { number: at + i },
      }));
      await queue.addBulk(bulk);
    }
    await until(async () => (await queue.getCompletedCount()) === jobs, 120000);
    assert.equal(seen.size, jobs);
    assert.deepEqual(await queue.getJobCounts("wait", "active", "failed", "completed"), {
      wait: 0,
      active: 0,
      failed: 0,
      completed: jobs,
    });
  };
  await withQueue("plain", async (job) => seen.add(job.data.number).size, body, { workers: 5 });
});

await expect("results and progress come as events", async () => {
  const events = new QueueEvents("results", { connection });
  await events.waitUntilReady();
  const process = async (job) => {
    await job.updateProgress(50);
    return job.data.number * 2;
  };
  await withQueue("results", process, async (queue) => {
    const progress = new Promise((resolve) => events.once("progress", ({ data }) => resolve(data)));
    const job = await queue.add("job", { number: 21 });
    assert.equal(await job.waitUntilFinished(events, 10000), 42);
    assert.equal(await progress, 50);
  });
  await events.close();
});

await expect("delayed jobs run in their order", async () => {
  const order = [];
  await withQueue("delayed", async (job) => order.push(job.name), async (queue) => {
    await queue.add("late", {}, { delay: 400 });
    await queue.add("early", {}, { delay: 150 });
    await until(async () => (await queue.getCompletedCount()) === 2);
    assert.deepEqual(order, ["early", "late"]);
  });
});

await expect("priorities", async () => {
  const order = [];
  const queue = new Queue("priorities", { connection });
  for (const priority of [3, 1, 2]) await queue.add(`p${priority}`, {}, { priority });
  const worker = new Worker("priorities", async (job) => order.push(job.name), { connection });
  await until(async () => order.length === 3);
  assert.deepEqual(order, ["p1", "p2", "p3"]);
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
});

await expect("retries with backoff, then failure", async () => {
  let attempts = 0;
  const process = async () => {
    attempts += 1;
    throw new Error("no");
  };
  await withQueue("retries", process, async (queue) => {
    await queue.add("job", {}, { attempts: 3, backoff: { type: "fixed", delay: 50 } });
    await until(async () => (await queue.getFailedCount()) === 1);
    assert.equal(attempts, 3);
  });
});

await expect("repeated jobs", async () => {
  let runs = 0;
  await withQueue("repeated", async () => (runs += 1), async (queue) => {
    await queue.upsertJobScheduler("tick", { every: 100 }, { name: "tick" });
    await until(async () => runs >= 4);
    assert.equal((await queue.getJobSchedulers()).length, 1);
    await queue.removeJobScheduler("tick");
  });
});

await expect("a rate limit", async () => {
  const begin = Date.now();
  await withQueue(
    "limited",
    async () => {},
    async (queue) => {
      await queue.addBulk(Array.from({ length: 10 }, () => ({ name: "job", data: {} })));
      await until(async () => (await queue.getCompletedCount()) === 10);
      assert.ok(Date.now() - begin >= 700, "faster than the limit allows");
    },
    { limiter: { max: 2, duration: 200 } },
  );
});

await expect("parents wait for their children", async () => {
  const flows = new FlowProducer({ connection });
  const process = async (job) => {
    if (job.name !== "parent") return job.data.number;
    return Object.values(await job.getChildrenValues()).reduce((sum, value) => sum + value, 0);
  };
  await withQueue("flows", process, async (queue) => {
    const children = [1, 2, 3].map((number) => ({ name: "c", queueName: "flows", data: { number } }));
    const { job } = await flows.add({ name: "parent", queueName: "flows", children });
    await until(async () => (await job.getState()) === "completed");
    assert.equal((await queue.getJob(job.id)).returnvalue, 6);
  });
  await flows.close();
});

await expect("pausing and resuming", async () => {
  let runs = 0;
  await withQueue("paused", async () => (runs += 1), async (queue) => {
    await queue.pause();
    await queue.add("job", {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(runs, 0);
    await queue.resume();
    await until(async () => runs === 1);
  });
});

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
