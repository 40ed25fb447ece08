#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Job queues of Python, against the port named as argument: Celery, and RQ, each with a worker of its own process.

JOBS in the environment is the number of plain jobs, 500 by default.
"""
import os
import subprocess
import sys
import tempfile
import time

import redis
from celery import Celery, chain, chord, group

PORT = int(os.environ.get("PYTHON_QUEUES_PORT") or sys.argv[1])
JOBS = int(os.environ.get("JOBS", 500))
URL = f"redis://127.0.0.1:{PORT}"
WAIT = 60  # Seconds that a job may take before it counts as lost.

app = Celery("python_queues", broker=f"{URL}/1", backend=f"{URL}/2")
app.conf.update(task_serializer="json", result_serializer="json", accept_content=["json"],
                worker_prefetch_multiplier=4, broker_connection_retry_on_startup=True)


@app.task(name="jobs.add")
def add(x, y):
    return x + y


@app.task(name="jobs.total")
def total(numbers):
    return sum(numbers)


@app.task(name="jobs.unsteady", bind=True, max_retries=3)
def unsteady(self, key):
    """Succeeds at the third attempt."""
    attempts = redis.Redis(port=PORT, db=3).incr(key)
    if attempts < 3:
        raise self.retry(countdown=0.1)
    return attempts


@app.task(name="jobs.failing")
def failing():
    raise ValueError("as expected")


def square(x):
    return x * x


def raise_error():
    raise ValueError("as expected")


def many_jobs():
    results = group(add.s(i, i) for i in range(JOBS)).apply_async()
    assert results.get(timeout=WAIT) == [2 * i for i in range(JOBS)]


def chains_and_chords():
    assert chain(add.s(1, 2), add.s(3), add.s(4)).apply_async().get(timeout=WAIT) == 10
    assert chord([add.s(i, 1) for i in range(20)], total.s()).apply_async().get(timeout=WAIT) == sum(range(1, 21))


def retries():
    assert unsteady.delay("attempts").get(timeout=WAIT) == 3


def failures():
    try:
        failing.delay().get(timeout=WAIT)
    except ValueError as error:
        assert str(error) == "as expected"
    else:
        raise AssertionError("no error reached the caller")


def delays():
    begin = time.monotonic()
    assert add.apply_async((1, 1), countdown=1).get(timeout=WAIT) == 2
    assert time.monotonic() - begin >= 0.9


def revoking_and_inspecting():
    result = add.apply_async((1, 1), countdown=3600)
    inspect = app.control.inspect(timeout=5)
    assert sum(len(tasks) for tasks in inspect.scheduled().values()) == 1
    assert all(answer == {"ok": "pong"} for answer in inspect.ping().values())
    result.revoke()
    end = time.monotonic() + WAIT
    while not any(result.id in ids for ids in inspect.revoked().values()):
        assert time.monotonic() < end


def rq_jobs():
    from rq import Queue, Retry, SimpleWorker
    connection = redis.Redis(port=PORT, db=4)
    queue = Queue("squares", connection=connection)
    jobs = [queue.enqueue("python_queues.square", i) for i in range(JOBS // 5)]
    last = queue.enqueue("python_queues.square", 7, depends_on=jobs[-1])
    failing_job = queue.enqueue("python_queues.raise_error", retry=Retry(max=2))
    SimpleWorker([queue], connection=connection).work(burst=True, logging_level="CRITICAL")
    results = [job.result for job in jobs]
    assert results == [i * i for i in range(JOBS // 5)] and last.result == 49
    assert failing_job.is_failed and failing_job.id in queue.failed_job_registry


def rq_scheduled():
    from datetime import timedelta
    from rq import Queue, SimpleWorker
    from rq.scheduler import RQScheduler
    connection = redis.Redis(port=PORT, db=4)
    queue = Queue("later", connection=connection)
    job = queue.enqueue_in(timedelta(seconds=1), "python_queues.square", 3)
    assert job in queue.scheduled_job_registry
    time.sleep(1.2)
    scheduler = RQScheduler([queue], connection=connection)
    assert scheduler.acquire_locks() == {"later"}
    scheduler.enqueue_scheduled_jobs()
    scheduler.release_locks()
    SimpleWorker([queue], connection=connection).work(burst=True, logging_level="CRITICAL")
    assert job.result == 9


def main():
    redis.Redis(port=PORT).flushall()
    environment = {**os.environ, "PYTHON_QUEUES_PORT": str(PORT), "PYTHONDONTWRITEBYTECODE": "1"}
    log = tempfile.TemporaryFile("w+")
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "python_queues", "worker", "--concurrency", "2", "--loglevel", "WARNING"],
        cwd=os.path.dirname(os.path.abspath(__file__)), env=environment, stdout=log, stderr=subprocess.STDOUT)
    cases = [many_jobs, chains_and_chords, retries, failures, delays, revoking_and_inspecting, rq_jobs, rq_scheduled]
    failed = 0
    for case in cases:
        try:
            case()
        except Exception as error:  # Whatever went wrong, the other cases still run.
            failed += 1
            print(f"{case.__name__}: {type(error).__name__}: {error}")
    worker.terminate()
    try:
        worker.wait(timeout=20)
    except subprocess.TimeoutExpired:
        worker.kill()
    if failed:
        log.seek(0)
        print(log.read()[-3000:])
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
